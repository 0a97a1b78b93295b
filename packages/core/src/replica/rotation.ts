/** New epochs: when one is due, who gets its secret, and how the way back to the earlier ones is kept. */
import { createEpochSecret, epochCommitment, epochIdOf, epochSecretBytes, hpkeSealMany, wrapSecret, type DeviceCert } from '@parley/crypto'
import {
  compareBytes,
  deviceIdBytes,
  encodeControl,
  EntryKind,
  MAX_EPOCH_PARENTS,
  toBase32,
  type DeviceId,
  type HistoryPolicy,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { hasRole } from '../membership/index.ts'
import type { StoreOperation } from '../store.ts'
import type { ControlLog } from './control-log.ts'
import type { EpochBoxes } from './epoch-boxes.ts'
import type { EpochKeys } from './epochs.ts'
import type { Keyspace } from './keyspace.ts'
import type { Draft } from './log-entry.ts'
import type { ConversationLog } from './log.ts'

/** Whoever got hold of a key reads no longer than this (SECURITY-DESIGN 5.4). */
export const MAX_EPOCH_MS = 30 * 86_400_000
/** Entries under one epoch, for the same reason. */
export const MAX_EPOCH_ENTRIES = 10_000
/** Entries of this device between two looks at how many there are. */
const COUNT_EVERY = 64

/** An epoch that is about to be: its entry, and the row that keeps its secret. */
export interface NewEpoch {
  readonly draft: Draft
  readonly rows: readonly StoreOperation[]
}

export class Rotation {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #keys: Keyspace
  readonly #epochs: EpochKeys
  readonly #controls: ControlLog
  readonly #boxes: EpochBoxes
  readonly #log: ConversationLog

  constructor(options: {
    conversation: Uint8Array
    context: Context
    keys: Keyspace
    epochs: EpochKeys
    controls: ControlLog
    boxes: EpochBoxes
    log: ConversationLog
  }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#keys = options.keys
    this.#epochs = options.epochs
    this.#controls = options.controls
    this.#boxes = options.boxes
    this.#log = options.log
  }

  /** Whether this device must open an epoch before it says anything more: none that it can use is there, or the one there is has been used long enough. */
  get isDue(): boolean {
    const { membership } = this.#controls
    const { me, clock } = this.#context
    const isActive = membership.devices.get(me.deviceId)?.isActive === true
    if (!isActive || !hasRole(membership.members.get(me.userId)?.role, 'writer')) return false
    const { current } = this.#epochs
    if (current === undefined) return true
    const since = this.#boxes.sinceMs(current.id)
    if (since !== undefined && clock.now() - since > MAX_EPOCH_MS) return true
    return this.#log.nextSeq(me.deviceId) % COUNT_EVERY === 0 && this.#log.entriesUnder(current.id) >= MAX_EPOCH_ENTRIES
  }

  /**
   * A new epoch for the devices of all members but those named, which the entry before it puts out. `history` as it is after that entry. The
   * caller writes the draft right behind that entry.
   */
  async open({
    users,
    devices,
    history,
  }: { users?: readonly UserId[]; devices?: readonly DeviceId[]; history?: HistoryPolicy } = {}): Promise<NewEpoch> {
    const { membership } = this.#controls
    const { crypto, random: source, me } = this.#context
    const random = (n: number): Uint8Array => source.bytes(n)
    const policy = history ?? membership.policy.history
    const secret = createEpochSecret(random)
    const commitment = epochCommitment(secret)
    const id = epochIdOf(this.#conversation, commitment)
    const parents = this.#parents()
    const certs = [...membership.members.values()]
      .filter(({ user }) => users?.includes(user) !== true)
      .flatMap((member) => member.devices)
      .filter((device) => device !== me.deviceId && devices?.includes(device) !== true)
      .flatMap((device): DeviceCert | readonly DeviceCert[] => membership.devices.get(device)?.cert ?? [])
    const recipients = certs.map((cert) => ({ publicKey: cert.agreeKey, info: this.#boxes.boxInfo(id, cert.deviceId) }))
    const boxes = await hpkeSealMany(crypto, recipients, epochSecretBytes(secret), { random })
    const back = parents.flatMap(({ id: parent }) => {
      const held = this.#epochs.get(parent)
      if (held === undefined) return []
      return [
        {
          parent,
          ...wrapSecret(secret, { conversation: this.#conversation, epoch: id, parent }, held.secret, { history: policy, random }),
        },
      ]
    })
    const payload = encodeControl({
      op: 'epoch',
      gen: Math.max(...parents.map(({ gen }) => gen)) + 1,
      parents: parents.map((parent) => parent.id),
      commitment,
      boxes: certs.map((cert, i) => ({ device: deviceIdBytes(cert.deviceId), box: boxes[i] as Uint8Array })),
      back,
      after: membership.frontier,
    })
    this.#epochs.add(secret)
    return {
      draft: { kind: EntryKind.control, payload, epoch: undefined },
      rows: [{ type: 'put', key: this.#keys.epoch(id), value: epochSecretBytes(secret) }],
    }
  }

  /** The epochs that a new one follows: those that no other follows, the latest first, by id in the end. */
  #parents(): { id: Uint8Array; gen: number }[] {
    const { membership } = this.#controls
    const known = [...membership.epochs.values()].filter(({ id }) => this.#boxes.isOpened(id))
    const followed = new Set(known.flatMap(({ parents }) => parents.map(toBase32)))
    return known
      .filter(({ id }) => !followed.has(toBase32(id)))
      .sort((a, b) => b.gen - a.gen)
      .slice(0, MAX_EPOCH_PARENTS)
      .sort((a, b) => compareBytes(a.id, b.id))
  }
}
