/**
 * Hearing somebody out: control entries are collected and verified in memory until they say that this user is meant, and only then anything
 * is stored. So whoever holds the card can cost a bounded amount of work, and nothing on the disk but an open request.
 */
import { conversationIdBytes, MAX_FUTURE_SKEW_MS, Reject, type ControlCarrier, type ConversationId, type UserId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Hearing } from '../network/door.ts'
import { ControlLog } from '../replica/control-log.ts'
import { EpochBoxes } from '../replica/epoch-boxes.ts'
import { EpochKeys } from '../replica/epochs.ts'
import { Keyspace } from '../replica/keyspace.ts'

/** Bytes of control entries of a conversation that a stranger asks this user into; a hundred requests are 26 MB. */
export const MAX_REQUEST_BYTES = 262_144
/** The same of a contact: everything that a conversation can hold at usual sizes. */
const MAX_CONTACT_BYTES = 33_554_432

export interface HeardRequest {
  readonly conversation: ConversationId
  readonly sender: UserId
  readonly isDirect: boolean
  /** Where the sender says to be found. */
  readonly hints: readonly string[]
  /** What the conversation consists of so far. */
  readonly entries: readonly ControlCarrier[]
}

export class RequestHearing implements Hearing {
  readonly isTrusted: boolean
  readonly #context: Context
  readonly #request: Omit<HeardRequest, 'entries'>
  readonly #onHeard: (request: HeardRequest) => Promise<void>
  readonly #onClose: (hearing: RequestHearing) => void
  readonly #onMore: (conversation: ConversationId, entries: readonly ControlCarrier[]) => Promise<void>
  readonly #epochs: EpochKeys
  readonly #controls: ControlLog
  readonly #boxes: EpochBoxes
  readonly #entries: ControlCarrier[] = []
  #bytes = 0
  #isHeard = false
  #isClosed = false

  /** `onHeard` gets the whole, once; `onMore` what comes after it. */
  constructor(options: {
    context: Context
    request: Omit<HeardRequest, 'entries'>
    isTrusted: boolean
    onHeard: (request: HeardRequest) => Promise<void>
    onMore: (conversation: ConversationId, entries: readonly ControlCarrier[]) => Promise<void>
    onClose: (hearing: RequestHearing) => void
  }) {
    const { context, request } = options
    const { crypto } = context
    const conversation = conversationIdBytes(request.conversation)
    const keys = new Keyspace(conversation)
    this.isTrusted = options.isTrusted
    this.#context = context
    this.#request = request
    this.#onHeard = options.onHeard
    this.#onMore = options.onMore
    this.#onClose = options.onClose
    this.#epochs = new EpochKeys(conversation)
    this.#controls = new ControlLog({ conversation, crypto, keys, epochs: this.#epochs })
    this.#boxes = new EpochBoxes({ conversation, context, keys, epochs: this.#epochs, controls: this.#controls })
    this.#controls.onEntry = (entry) => this.#boxes.note(entry)
  }

  close(): void {
    this.#isClosed = true
    this.#entries.length = 0
    this.#onClose(this)
  }

  async take(entries: readonly ControlCarrier[]): Promise<void> {
    if (this.#isClosed) return
    this.#bytes += entries.reduce((sum, { entry }) => sum + entry.length, 0)
    if (this.#bytes > (this.isTrusted ? MAX_CONTACT_BYTES : MAX_REQUEST_BYTES))
      throw new Reject('LimitExceeded', 'a request larger than is heard')
    if (this.#isHeard) return this.isTrusted ? this.#onMore(this.#request.conversation, entries) : undefined
    // Copies: what a link delivers lies in one buffer of the whole message.
    this.#entries.push(
      ...entries.map((carrier) => ({
        ...carrier,
        device: carrier.device.slice(),
        prevId: carrier.prevId.slice(),
        entry: carrier.entry.slice(),
      })),
    )
    await this.#controls.accept(entries, this.#context.clock.now() + MAX_FUTURE_SKEW_MS)
    if ((await this.#boxes.unlock()).rows.length > 0) await this.#controls.refold()
    // With an earlier key, as of somebody who comes back, nobody can take part.
    if (!this.#isMeant() || this.#epochs.current === undefined) return
    this.#isHeard = true
    await this.#onHeard({ ...this.#request, entries: this.#entries })
    this.#entries.length = 0
    if (!this.isTrusted) this.close()
  }

  /** Whether the sender has made this user a member, by entries that hold. */
  #isMeant(): boolean {
    const { members, devices } = this.#controls.membership
    const { me } = this.#context
    const { sender, isDirect } = this.#request
    // Another device of this user need not have brought this one in itself.
    if (sender === me.userId) return devices.get(me.deviceId)?.isActive === true
    if (isDirect) return members.has(me.userId) && (members.get(sender)?.devices.length ?? 0) > 0
    return members.get(me.userId)?.addedBy === sender && devices.get(me.deviceId)?.isActive === true
  }
}
