/** Epoch secrets on their way between devices: sealed for one that is let in, opened by this one, unwrapped from one epoch back to the others. */
import {
  controlHalf,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  hpkeOpen,
  hpkeSeal,
  unwrapSecret,
  type DeviceCert,
  type EpochSecret,
} from '@parley/crypto'
import {
  concatBytes,
  deviceIdBytes,
  equalBytes,
  MAX_ADMIT_BOXES,
  toBase32,
  type BackLink,
  type DeviceId,
  type EpochBox,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import { opKey } from '../membership/index.ts'
import type { StoreOperation } from '../store.ts'
import type { ControlEntry } from './control-entry.ts'
import type { ControlLog } from './control-log.ts'
import type { Epoch, EpochKeys } from './epochs.ts'
import type { Keyspace } from './keyspace.ts'

interface KnownEpoch {
  /** Names the operation for the verdicts of membership. */
  readonly op: string
  /** When it was opened, in milliseconds since 1970. */
  readonly sinceMs: number
  readonly back: readonly BackLink[]
}

export class EpochBoxes {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #keys: Keyspace
  readonly #epochs: EpochKeys
  readonly #controls: ControlLog
  /** Boxes for this device that have not been opened, by epoch id in base32. */
  readonly #boxes = new Map<string, Uint8Array[]>()
  /** What the entries that opened epochs say, by epoch id in base32. */
  readonly #known = new Map<string, KnownEpoch[]>()

  constructor(options: { conversation: Uint8Array; context: Context; keys: Keyspace; epochs: EpochKeys; controls: ControlLog }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#keys = options.keys
    this.#epochs = options.epochs
    this.#controls = options.controls
  }

  /** Remembers boxes for this device and ways back to earlier epochs. */
  note({ id, payload, certs, hlc }: ControlEntry): void {
    const opener = { op: opKey(id), sinceMs: hlc.ms, back: [] }
    switch (payload?.op) {
      case 'genesis':
        return this.#open(payload.epochCommitment, opener)
      case 'direct':
        this.#open(payload.epochCommitment, opener)
        return this.#noteBoxes(this.#idOf(payload.epochCommitment), payload.boxes)
      case 'epoch':
        this.#open(payload.commitment, { ...opener, back: payload.back })
        return this.#noteBoxes(this.#idOf(payload.commitment), payload.boxes)
      case 'reseal':
        return this.#noteBoxes(payload.epoch, payload.boxes)
      case 'admit':
      case 'device-add':
        if (certs[0]?.deviceId === this.#context.me.deviceId) for (const { epoch, box } of payload.boxes) this.#noteBox(epoch, box)
        return
      default:
    }
  }

  /** Those of these epochs that are held here. */
  held(ids: readonly Uint8Array[]): Epoch[] {
    return ids.flatMap((id) => this.#epochs.get(id) ?? [])
  }

  /** Whether a member should have the secret of that epoch: it is the current one, or was opened since they came in. */
  isFor(id: Uint8Array, user: UserId): boolean {
    const { members, currentEpoch } = this.#controls.membership
    const since = members.get(user)?.since.ms
    if (since === undefined || !this.isOpened(id)) return false
    return (currentEpoch !== undefined && equalBytes(currentEpoch, id)) || (this.sinceMs(id) ?? 0) > since
  }

  /** Ids (16 bytes) of the epochs that a member should have and whose whole secret is not here, newest first. */
  missing(user: UserId): Uint8Array[] {
    return [...this.#controls.membership.epochs.values()]
      .filter(({ id }) => this.#epochs.get(id)?.secret.msg === undefined && this.isFor(id, user))
      .sort((a, b) => b.gen - a.gen)
      .map(({ id }) => id)
  }

  /** When that epoch (16 bytes) was opened, in milliseconds since 1970; undefined when that is not known. */
  sinceMs(id: Uint8Array): number | undefined {
    return this.#known.get(toBase32(id))?.[0]?.sinceMs
  }

  /** Whether an operation that has effect opened that epoch. */
  isOpened(id: Uint8Array): boolean {
    const { verdicts } = this.#controls.membership
    return (this.#known.get(toBase32(id)) ?? []).some(({ op }) => !verdicts.has(op))
  }

  /** The secrets of those epochs, each sealed for that device: all of it, or the half that tells who is a member. */
  seal(cert: DeviceCert, epochs: readonly Epoch[], half: 'whole' | 'control'): Promise<EpochBox[]> {
    return Promise.all(
      epochs.map(async ({ id, secret }) => ({
        epoch: id,
        box: await hpkeSeal(
          this.#context.crypto,
          cert.agreeKey,
          this.boxInfo(id, cert.deviceId),
          epochSecretBytes(half === 'whole' ? secret : controlHalf(secret)),
          { random: (n) => this.#context.random.bytes(n) },
        ),
      })),
    )
  }

  /** Epochs held here from which all others that are held can be reached, wholly or as to their control halves. At most 256, the newest. */
  tips(half: 'whole' | 'control'): Epoch[] {
    const behind = new Set<string>()
    const held = this.#epochs.all()
    for (const { id, secret } of held)
      for (const { back } of this.#known.get(toBase32(id)) ?? [])
        for (const { parent, msg } of back) {
          const isAll = half === 'control' || this.#epochs.get(parent)?.secret.msg === undefined
          if (isAll || (msg !== undefined && secret.msg !== undefined)) behind.add(toBase32(parent))
        }
    return held.filter(({ id }) => !behind.has(toBase32(id))).slice(0, MAX_ADMIT_BOXES)
  }

  /**
   * Opens what can be opened of the epochs that membership knows; each secret must match the commitment. Returns the rows that keep it, and what makes it
   * as if nothing had been opened, for when they could not be written.
   */
  async unlock(): Promise<{ rows: readonly StoreOperation[]; undo: () => void }> {
    const rows: StoreOperation[] = []
    const boxes = new Map(this.#boxes)
    const before: [id: Uint8Array, epoch: Epoch | undefined][] = []
    const undo = (): void => {
      for (const [id, epoch] of before.reverse()) this.#epochs.putBack(id, epoch)
      for (const [name, list] of boxes) this.#boxes.set(name, list)
    }
    const add = (id: Uint8Array, secret: EpochSecret | undefined): boolean => {
      const held = this.#epochs.get(id)?.secret
      if (secret === undefined || (held !== undefined && (held.msg !== undefined || secret.msg === undefined))) return false
      const record = this.#controls.membership.epochs.get(toBase32(id))
      if (record === undefined || !equalBytes(record.commitment, epochCommitment(secret))) return false
      before.push([id, this.#epochs.get(id)])
      this.#epochs.add(secret)
      rows.push({ type: 'put', key: this.#keys.epoch(id), value: epochSecretBytes(secret) })
      return true
    }
    const { me } = this.#context
    for (const record of [...this.#controls.membership.epochs.values()].sort((a, b) => b.gen - a.gen)) {
      const name = toBase32(record.id)
      if (this.#epochs.get(record.id)?.secret.msg === undefined)
        for (const box of this.#boxes.get(name) ?? []) {
          const bytes = await hpkeOpen(me.keys.agreement, this.boxInfo(record.id, me.deviceId), box)
          add(record.id, bytes === undefined ? undefined : epochSecretFromBytes(bytes))
        }
      this.#boxes.delete(name)
      // Newest first: what is wrapped here comes after.
      const held = this.#epochs.get(record.id)
      if (held === undefined) continue
      for (const { back } of this.#known.get(name) ?? [])
        for (const { parent, ctl, msg } of back) {
          const known = this.#epochs.get(parent)?.secret
          if (known !== undefined && (known.msg !== undefined || msg === undefined || held.secret.msg === undefined)) continue
          add(parent, unwrapSecret(held.secret, { conversation: this.#conversation, epoch: record.id, parent }, { ctl, msg }))
        }
    }
    return { rows, undo }
  }

  /** What binds a box to its place. */
  boxInfo(epoch: Uint8Array, device: DeviceId): Uint8Array {
    return concatBytes(this.#conversation, epoch, deviceIdBytes(device))
  }

  #open(commitment: Uint8Array, epoch: KnownEpoch): void {
    const name = toBase32(this.#idOf(commitment))
    this.#known.set(name, [...(this.#known.get(name) ?? []), epoch])
  }

  #noteBoxes(epoch: Uint8Array, boxes: readonly { device: Uint8Array; box: Uint8Array }[]): void {
    for (const { device, box } of boxes) if (equalBytes(device, this.#context.me.deviceBytes)) this.#noteBox(epoch, box)
  }

  #noteBox(epoch: Uint8Array, box: Uint8Array): void {
    if (this.#epochs.get(epoch)?.secret.msg !== undefined) return
    const name = toBase32(epoch)
    this.#boxes.set(name, [...(this.#boxes.get(name) ?? []), box])
  }

  #idOf(commitment: Uint8Array): Uint8Array {
    return epochIdOf(this.#conversation, commitment)
  }
}
