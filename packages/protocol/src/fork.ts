/**
 * Forks: one device, one position, two entries. Each history from there on is a branch, a log of its own. What a proof of a fork must show is
 * that the device signed both.
 */
import { concatBytes, equalBytes, utf8 } from './bytes.ts'
import type { Hash } from './bytes.ts'
import type { ForkControl, ForkSide } from './control/types.ts'
import { signedHead } from './entry.ts'
import { entryId } from './entry-id.ts'

/** The first 16 bytes of the id of the first entry of a branch. */
export const BRANCH_ID_BYTES = 16

const BRANCH_TAG = utf8('parley/1/branch')

/** What stands for a branch wherever a log is named by 16 bytes: in have-vectors, ranges and store keys. */
export function branchLogId(hash: Hash, device: Uint8Array, branch: Uint8Array): Uint8Array {
  return hash(concatBytes(BRANCH_TAG, device, branch)).slice(0, 16)
}

/** What one side of a proof says, if its signature holds. */
export interface SideClaim {
  /** Id (16 bytes) of the branch. */
  readonly branch: Uint8Array
  /** The bytes under the signature. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Both sides of a proof, hashed up to what must be signed; undefined when they are the same history. */
export function forkClaims(hash: Hash, conversation: Uint8Array, fork: ForkControl): readonly [SideClaim, SideClaim] | undefined {
  const claims = fork.sides.map((side) => claimOf(hash, conversation, fork, side)) as [SideClaim, SideClaim]
  return equalBytes(claims[0].branch, claims[1].branch) ? undefined : claims
}

function claimOf(hash: Hash, conversation: Uint8Array, { device, seq, prevId }: ForkControl, side: ForkSide): SideClaim {
  let id = prevId
  let first = prevId
  for (const [i, { headerBytes, bodyHash }] of side.entries.entries()) {
    id = entryId(hash, { conversation, device, seq: seq + i, prevId: id, headerBytes, bodyHash })
    if (i === 0) first = id
  }
  const message = signedHead(conversation, device, seq + side.entries.length - 1, id)
  return { branch: first.slice(0, BRANCH_ID_BYTES), message, signature: side.signature }
}
