/** Which entries count, and whether they can be read: what the timeline must know of members and keys. */
import {
  bodyAad,
  deviceIdBytes,
  isPlainPost,
  ParleyError,
  readU32be,
  utf8,
  type DeviceId,
  type EntryParts,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import { peekBody } from '@parley/crypto'
import type { Context } from '../context.ts'
import { hasRole } from '../membership/index.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochKeys } from './epochs.ts'
import type { LogId } from './forks.ts'
import type { HollowEntries } from './hollow.ts'
import type { LogCuts } from './log-cuts.ts'
import type { ConversationLog } from './log.ts'
import type { TimelineHost } from './timeline-host.ts'
import type { Voice } from './voices.ts'

/** Messages of a conversation that are told to be damaged: with more, one knows. */
const MAX_DAMAGED = 100

export class Counting implements TimelineHost {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #controls: ControlLog
  readonly #epochs: EpochKeys
  readonly #log: ConversationLog
  readonly #hollow: HollowEntries
  readonly #cuts: LogCuts
  /** Messages that were told to be damaged. */
  readonly #damaged = new Set<MessageId>()

  constructor(options: {
    conversation: Uint8Array
    context: Context
    controls: ControlLog
    epochs: EpochKeys
    log: ConversationLog
    hollow: HollowEntries
    cuts: LogCuts
  }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#controls = options.controls
    this.#epochs = options.epochs
    this.#log = options.log
    this.#hollow = options.hollow
    this.#cuts = options.cuts
  }

  open(log: LogId, seq: number, { headerBytes, body }: EntryParts): Uint8Array | undefined {
    const epochId = this.#log.epochAt(log, seq)
    if (body === undefined || epochId === undefined) return undefined
    const bytes = deviceIdBytes(this.#log.deviceOf(log))
    const key = this.#epochs.messageKey(epochId, bytes)
    return key && this.#context.crypto.openBody(key, body, bodyAad(this.#conversation, bytes, seq, headerBytes))
  }

  isPlain(log: LogId, seq: number, { body }: EntryParts): boolean {
    const epochId = this.#log.epochAt(log, seq)
    if (body === undefined || epochId === undefined) return false
    // A lent key proves nothing, not even that it is the right one.
    const key = this.#epochs.heldMessageKey(epochId, deviceIdBytes(this.#log.deviceOf(log)))
    const first = key && peekBody(key, body)
    return first !== undefined && isPlainPost(first)
  }

  userOf(device: DeviceId): UserId | undefined {
    return this.#controls.membership.devices.get(device)?.user
  }

  me(): UserId {
    return this.#context.me.userId
  }

  mayPost(device: DeviceId, seq: number): boolean {
    return hasRole(this.#controls.membership.roleAt(device, seq), 'writer')
  }

  canOpen(log: LogId, seq: number): boolean {
    const epoch = this.#log.epochAt(log, seq)
    return epoch === undefined || this.#epochs.messageKey(epoch, deviceIdBytes(this.#log.deviceOf(log))) !== undefined
  }

  voice(log: LogId): Voice[] {
    const spans = this.#controls.membership.devices.get(this.#log.deviceOf(log))?.spans ?? []
    return spans.filter(({ role }) => hasRole(role, 'writer')).map(({ from, to }) => ({ from, to }))
  }

  deleted(log: LogId, seq: number): Promise<void> {
    return this.#hollow.forget(log, seq)
  }

  damaged(id: MessageId): void {
    if (this.#damaged.has(id) || this.#damaged.size >= MAX_DAMAGED) return
    this.#damaged.add(id)
    const what =
      'a message cannot be read: what is stored of it is damaged; `verify` with `repair` has it fetched again where others hold it'
    this.#context.report(new ParleyError('Internal', what), 'reading a message')
  }

  limit(log: LogId): number {
    return this.#cuts.counted(log)
  }

  /** A number for which entries count, equal whenever the same do. */
  version(): number {
    // Devices that may always write are left out: that somebody came in changes nothing for what is here.
    const voices = this.#log.heads().flatMap(({ log, device }) => {
      const voice = this.voice(log)
      const isOpen = voice[0]?.from === 0 && voice[0].to === Number.POSITIVE_INFINITY
      return isOpen ? [] : [`${device}:${voice.map(({ from, to }) => `${from}-${to}`).join()}`]
    })
    const forks = this.#controls.forks.size
    if (voices.length === 0) return forks
    return readU32be(this.#context.crypto.sha256(utf8(`${forks} ${[...new Set(voices)].join(' ')}`)))
  }
}
