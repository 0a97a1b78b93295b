/**
 * Every error that a caller can meet. Compare by `code`, never by text.
 */

/** What went wrong, one code for each distinct reaction of a caller. */
export type ErrorCode =
  | 'Aborted'
  | 'ArchiveInvalid'
  | 'AttachmentUnavailable'
  | 'CardInvalid'
  | 'Closed'
  | 'ContactUnknown'
  | 'EmptyMessage'
  | 'Internal'
  | 'InvalidArgument'
  | 'InvalidMetadata'
  | 'InviteExpired'
  | 'InviteInvalid'
  | 'InviteUsedUp'
  | 'LinkCodeInvalid'
  | 'LinkExpired'
  | 'LinkRejected'
  | 'LinkUsed'
  | 'MessageNotFound'
  | 'NotAGroup'
  | 'NotAMember'
  | 'NotAllowed'
  | 'NotAuthor'
  | 'NotFound'
  | 'PageOutOfRange'
  | 'PhraseInvalid'
  | 'ProfileForked'
  | 'ProfileLocked'
  | 'StorageFull'
  | 'StorageUnavailable'
  | 'TooLarge'
  | 'Unreachable'

/** Codes after which the same call may succeed later with nothing changed by the caller. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'AttachmentUnavailable',
  'StorageFull',
  'StorageUnavailable',
  'ProfileLocked',
  'Unreachable',
])

/** The one error class of Parley. `message` says what to do, never holds keys or plaintext. */
export class ParleyError extends Error {
  readonly code: ErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ParleyError'
    this.code = code
    this.retryable = RETRYABLE.has(code)
  }
}

/** Whether `error` is a ParleyError, with this code when one is given. Works across copies of this package. */
export function isParleyError(error: unknown, code?: ErrorCode): error is ParleyError {
  return (
    error instanceof Error &&
    error.name === 'ParleyError' &&
    typeof (error as ParleyError).code === 'string' &&
    (code === undefined || (error as ParleyError).code === code)
  )
}

/** Why bytes from a peer, a file or a link were refused. Counted; never thrown past the link. */
export type RejectCode =
  | 'BadShape'
  | 'NotCanonical'
  | 'LimitExceeded'
  | 'UnknownChunk'
  | 'DeleteSet'
  | 'BadChain'
  | 'BadSignature'
  | 'BadClock'
  | 'UnknownDevice'
  | 'BadCipher'
  | 'BadProof'
  | 'NotAMember'
  | 'OutOfOrder'
  | 'RateLimited'
  | 'Forked'

/** Bytes from outside were refused; nothing changed. The message never quotes the bytes. */
export class Reject extends Error {
  readonly code: RejectCode
  constructor(code: RejectCode, message: string) {
    super(message)
    this.name = 'Reject'
    this.code = code
  }
}
