/** One conversation on one link: what it says goes out here. */
import {
  deviceIdBytes,
  MAX_LIVE_UPDATE_BYTES,
  MAX_RANGE_UPDATE_BYTES,
  project,
  toBase32,
  type DeviceId,
  type Hlc,
  type LinkMessage,
} from '@parley/protocol'
import type { BlobPort } from '../attachments/blob-port.ts'
import type { Context } from '../context.ts'
import type { Presence } from '../conversation/presence.ts'
import type { Receipts } from '../conversation/receipts.ts'
import type { LogId } from '../replica/forks.ts'
import type { Replica } from '../replica/replica.ts'
import type { Lane, Link } from './link.ts'

export type PeerStanding = 'member' | 'newcomer' | 'former' | 'void' | 'stranger'

/** What the sessions of one conversation share, and whom they tell. */
export interface Shared {
  readonly context: Context
  readonly replica: Replica
  readonly receipts: Receipts
  readonly presence: Presence
  /** The attached files of the profile; undefined when it has no place for them. */
  readonly blobs: BlobPort | undefined
  /** The peer has stored entries of this device from `from` up to, not including, `nextSeq`. */
  onStored(peerDevice: DeviceId, nextSeq: number, from: number): void
  /** Something about the progress of syncing changed. */
  onProgress(): void
}

export class SessionLine {
  readonly shared: Shared
  readonly peer: DeviceId
  /** Names the conversation in every message. */
  readonly handle: Uint8Array
  readonly #link: Link
  readonly #proved: () => readonly Uint8Array[]
  #isClosed = false

  /** `proved`: the epochs (16 bytes) of which the peer has shown that it holds the keys. */
  constructor(shared: Shared, link: Link, handle: Uint8Array, peer: DeviceId, proved: () => readonly Uint8Array[]) {
    this.shared = shared
    this.#link = link
    this.handle = handle
    this.peer = peer
    this.#proved = proved
  }

  get isMember(): boolean {
    return this.standing === 'member'
  }

  /**
   * What the peer is to this device. `newcomer`: it holds a key that only present members have, and somebody else has let it in, as it seems; it
   * gets and gives control entries, and nothing else. `former`: it was removed, or has left, and gets the control entries up to that. `void`: what
   * had let it in has turned out to have no effect, which it is told in the same way. `stranger`: it holds a key that others than present members have,
   * and may only tell.
   */
  get standing(): PeerStanding {
    const { replica } = this.shared
    if (replica.isActive(this.peer)) return 'member'
    if (replica.userOf(this.peer) !== undefined) return 'former'
    if (replica.controls.endOf(this.peer) !== undefined) return 'void'
    const { epochs } = replica.controls.membership
    return epochs.size === 0 || this.#proved().some((id) => epochs.get(toBase32(id))?.isUsable === true) ? 'newcomer' : 'stranger'
  }

  /** Of control entries the peer gets those up to this clock; undefined: all. */
  get latest(): Hlc | undefined {
    const { standing } = this
    return standing === 'former' || standing === 'void' ? this.shared.replica.controls.endOf(this.peer) : undefined
  }

  /** False when it did not find room, or the session is over. */
  send(lane: Lane, message: LinkMessage): boolean {
    return !this.#isClosed && this.#link.send(lane, message)
  }

  /** Messages of the live lane of the link so far. */
  get liveMessages(): number {
    return this.#link.liveMessages
  }

  /** Resolves once the lane takes more, or the link is closed. */
  whenRoom(lane: Lane): Promise<void> {
    return this.#link.whenRoom(lane)
  }

  /** Sends entries that follow each other in one log, the first of which has number `seq`. */
  sendEntries(lane: 'live' | 'history', log: LogId, seq: number, entries: readonly Uint8Array[]): boolean {
    const { context, replica } = this.shared
    const branch = replica.log.branchOf(log)
    const bytes = project((b) => context.crypto.sha256(b), replica.bytes, [
      { device: deviceIdBytes(replica.log.deviceOf(log)), ...(branch === undefined ? {} : { branch }), seq, entries },
    ])
    const limit = lane === 'live' ? MAX_LIVE_UPDATE_BYTES : MAX_RANGE_UPDATE_BYTES
    return bytes.length <= limit && this.send(lane, { type: 'update', handle: this.handle, bytes })
  }

  close(): void {
    this.#isClosed = true
  }
}
