/** The steps of adding a device and of recovering, as they are said on a device line: a byte that names the step, and its fields. */
import { concatBytes, decodeCbor, encodeCbor, MAX_NAME_BYTES, readU32be, Reject, u32be, utf8, type ErrorCode } from '@parley/protocol'

/** What a step says, by its first byte. */
export const STEP = {
  /** New device: keys to sign and to agree with, when it was made, commitment, name. */
  offer: 0,
  /** Old device: commitment and nonce. */
  answer: 1,
  /** New device: nonce. Both show the code now. */
  reveal: 2,
  /** Old device, once its person has said that the codes are equal: endorsement, own certificates, name of the person, their picture left out. */
  endorse: 3,
  /** New device: the certificate, complete. */
  certificate: 4,
  /** A conversation, whose control entries follow: id, addresses. */
  conversation: 5,
  /** All of them were sent: id. */
  told: 6,
  /** New device: everything is stored. */
  done: 7,
  /** It ends here: a number that says why. */
  refused: 8,
  /** Somebody with a recovery phrase: signature of its device over this link. */
  recover: 9,
  /** Who knows that device: its certificates. */
  chain: 10,
} as const

/** Codes that can be told as a refusal, by their number. */
const REFUSALS = ['LinkExpired', 'LinkUsed', 'LinkRejected', 'TooLarge'] as const satisfies readonly ErrorCode[]
export type LinkRefusal = (typeof REFUSALS)[number]

/** The fields of a step. */
export function step(name: keyof typeof STEP, ...fields: readonly Uint8Array[]): Uint8Array[] {
  return [Uint8Array.of(STEP[name]), ...fields]
}

/** The number of a step, and its fields of these lengths; 0 stands for any. @throws {Reject} BadShape */
export function fieldsOf(fields: readonly Uint8Array[], lengths: readonly number[]): Uint8Array[] {
  const [, ...rest] = fields
  if (rest.length !== lengths.length || rest.some((field, i) => lengths[i] !== 0 && field.length !== lengths[i]))
    throw new Reject('BadShape', 'step between devices')
  // Copies: what comes in lies in one buffer of the whole message.
  return rest.map((field) => field.slice())
}

/** A refusal as a step. */
export function refusal(code: LinkRefusal): Uint8Array[] {
  return step('refused', Uint8Array.of(REFUSALS.indexOf(code)))
}

/** Why the other end refused. @throws {Reject} BadShape */
export function refusalOf(fields: readonly Uint8Array[]): LinkRefusal {
  const [code] = fieldsOf(fields, [1]) as [Uint8Array]
  const refused = REFUSALS[code[0] ?? 0]
  if (refused === undefined) throw new Reject('BadShape', 'unknown refusal')
  return refused
}

/** Texts in one field. */
export function textsBytes(texts: readonly string[]): Uint8Array {
  return encodeCbor([...texts])
}

/** The same, read: at most `max` of at most 256 bytes. @throws {Reject} BadShape */
export function readTexts(bytes: Uint8Array, max: number): string[] {
  const texts = decodeCbor(bytes, { maxDepth: 1, maxItems: max + 1 })
  if (
    !Array.isArray(texts) ||
    texts.length > max ||
    !texts.every((text) => typeof text === 'string' && utf8(text).length <= MAX_NAME_BYTES)
  )
    throw new Reject('BadShape', 'texts')
  return [...(texts as readonly string[])]
}

/** Milliseconds as 8 bytes. */
export function timeBytes(ms: number): Uint8Array {
  return concatBytes(u32be(Math.floor(ms / 2 ** 32)), u32be(ms % 2 ** 32))
}

/** The same, read from 8 bytes. */
export function readTime(bytes: Uint8Array): number {
  return readU32be(bytes.subarray(0, 4)) * 2 ** 32 + readU32be(bytes.subarray(4))
}
