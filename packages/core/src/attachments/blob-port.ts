/** What the network asks of the attached files, and what these ask of the network: the seam between `network/` and `attachments/`. */
import type { ConversationId, Reject } from '@parley/protocol'
import type { SealedFile } from './sealed-file.ts'

/** A member's device at the other end of a session, as a place to get chunks from. */
export interface BlobPeer {
  /** Chunks that may be asked for now, over all blobs. */
  readonly room: number
  /** Asks what it holds of a blob; it says so again when it gets more. */
  ask(blobId: Uint8Array): void
  /** Asks for the manifest of a blob. False when that could not be sent. */
  wantManifest(blobId: Uint8Array): boolean
  /** Asks for a chunk, and takes room until it is answered. False when that could not be sent. */
  wantChunk(blobId: Uint8Array, index: number): boolean
  /** It sent what no honest peer sends. */
  strike(reject: Reject): void
}

/** The attached files of a profile, as sessions see them. */
export interface BlobPort {
  /** A session is ready to be asked. */
  join(conversation: ConversationId, peer: BlobPeer, told: (blobId: Uint8Array) => void): void
  leave(conversation: ConversationId, peer: BlobPeer): void
  /** Whether a message of the conversation, as it now is, refers to the blob: nothing else is given to its members. */
  isReferenced(conversation: ConversationId, blobId: Uint8Array): Promise<boolean>
  /** What is held of a blob, if anything. */
  held(blobId: Uint8Array): Promise<SealedFile | undefined>
  /** A peer says what it holds. @throws {Reject} BadShape, NotCanonical. */
  onHave(peer: BlobPeer, blobId: Uint8Array, bits: Uint8Array): void
  /** A peer gave a manifest that was asked for; empty: it has none. The bytes belong to the callee until it resolves. */
  onManifest(peer: BlobPeer, blobId: Uint8Array, bytes: Uint8Array): Promise<void>
  /** The same for a chunk. Resolves once it is written: only then is there room for another. */
  onChunk(peer: BlobPeer, blobId: Uint8Array, index: number, bytes: Uint8Array): Promise<void>
  /** A peer has room for more. */
  onRoom(): void
}
