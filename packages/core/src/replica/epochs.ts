/** The epoch keys that this device holds for one conversation, and what is derived from them. */
import { deriveKey, epochCommitment, epochIdOf, type EpochSecret } from '@parley/crypto'
import { compareBytes, concatBytes, equalBytes, toBase32, toBase64Url } from '@parley/protocol'
import type { Membership } from '../membership/index.ts'
import type { Topic } from '../transport.ts'

/** One epoch with its derived keys; each is 32 bytes and made once. */
export interface Epoch {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly secret: EpochSecret
  /** Seals metadata and profiles. */
  readonly controlKey: Uint8Array
  /** Proves membership on a link. */
  readonly wireKey: Uint8Array
  /** Seals presence packets and seen slots. */
  readonly presenceKey: Uint8Array
  /** Where members of this epoch meet. */
  readonly topic: Topic
  /** Seals the message operations of one device (16 bytes); undefined with the control half of the secret only. */
  messageKey(device: Uint8Array): Uint8Array | undefined
}

/** A key that an archive brings; ids have 16 bytes, `device` undefined for control entries. */
export interface LentKey {
  readonly epoch: Uint8Array
  readonly device: Uint8Array | undefined
  /** 32 bytes. */
  readonly key: Uint8Array
}

export class EpochKeys {
  readonly #conversation: Uint8Array
  readonly #epochs = new Map<string, Epoch>()
  /** Keys without their secrets, from archives; by epoch, and of messages by device too. */
  readonly #lent = new Map<string, LentKey>()
  /** The message key that was asked for last; only while the epochs stay as they are. */
  #lastKey: { readonly epoch: Uint8Array; readonly device: Uint8Array; readonly key: Uint8Array } | undefined
  #chosen: Uint8Array | undefined
  #order: readonly Uint8Array[] = []

  /** `conversation` is the 32-byte id. */
  constructor(conversation: Uint8Array) {
    this.#conversation = conversation
  }

  /** Takes in a secret. Returns its epoch. */
  add(secret: EpochSecret): Epoch {
    const id = epochIdOf(this.#conversation, epochCommitment(secret))
    const key = toBase32(id)
    const known = this.#epochs.get(key)
    // A whole secret takes the place of its control half.
    if (known !== undefined && (known.secret.msg !== undefined || secret.msg === undefined)) return known
    const context = concatBytes(this.#conversation, id)
    const messageKeys = new Map<string, Uint8Array>()
    const epoch: Epoch = {
      id,
      secret,
      controlKey: deriveKey(secret.ctl, 'ctl', context),
      wireKey: deriveKey(secret.ctl, 'wire', context),
      presenceKey: deriveKey(secret.ctl, 'presence', context),
      topic: {
        name: toBase64Url(deriveKey(secret.ctl, 'topic', context)),
        secret: toBase64Url(deriveKey(secret.ctl, 'topic-secret', context)),
      },
      messageKey: (device) => {
        if (secret.msg === undefined) return undefined
        const name = toBase32(device)
        let derived = messageKeys.get(name)
        if (derived === undefined) messageKeys.set(name, (derived = deriveKey(secret.msg, 'msg', concatBytes(context, device))))
        return derived
      },
    }
    this.#epochs.set(key, epoch)
    this.#lastKey = undefined
    return epoch
  }

  /** Makes it what it was before `add`: undefined, or the half that was here. */
  putBack(id: Uint8Array, epoch: Epoch | undefined): void {
    this.#lastKey = undefined
    if (epoch === undefined) this.#epochs.delete(toBase32(id))
    else this.#epochs.set(toBase32(id), epoch)
  }

  get(id: Uint8Array): Epoch | undefined {
    return this.#epochs.get(toBase32(id))
  }

  /** Takes in a key that opens what an archive holds, and nothing else: of control entries, or of the messages of one device (16 bytes). */
  lend(key: LentKey): void {
    this.#lent.set(lentName(key.epoch, key.device), key)
  }

  /** What opens control entries here, of an archive too. */
  controlKeys(): LentKey[] {
    const held = this.all().map(({ id, controlKey }): LentKey => ({ epoch: id, device: undefined, key: controlKey }))
    return [...held, ...[...this.#lent.values()].filter(({ epoch, device }) => device === undefined && this.get(epoch) === undefined)]
  }

  /** Opens the control entries of an epoch (16 bytes). */
  controlKey(epoch: Uint8Array): Uint8Array | undefined {
    return this.get(epoch)?.controlKey ?? this.#lent.get(lentName(epoch, undefined))?.key
  }

  /** Opens the message operations of a device (16 bytes) under an epoch (16 bytes). */
  messageKey(epoch: Uint8Array, device: Uint8Array): Uint8Array | undefined {
    return this.heldMessageKey(epoch, device) ?? this.#lent.get(lentName(epoch, device))?.key
  }

  /** The same without keys that an archive brought. */
  heldMessageKey(epoch: Uint8Array, device: Uint8Array): Uint8Array | undefined {
    const last = this.#lastKey
    // Many entries of one log follow each other.
    if (last !== undefined && equalBytes(last.device, device) && equalBytes(last.epoch, epoch)) return last.key
    const key = this.get(epoch)?.messageKey(device)
    if (key !== undefined) this.#lastKey = { epoch, device, key }
    return key
  }

  /** Which epoch (16 bytes) is to be written under, and all that there are by generation, newest first: what membership says. */
  choose(current: Uint8Array | undefined, order: readonly Uint8Array[]): void {
    this.#chosen = current
    this.#order = order
  }

  /** The epoch that this device writes under; undefined before admission, while none is usable, and while its whole secret is not here. */
  get current(): Epoch | undefined {
    const epoch = this.#chosen && this.get(this.#chosen)
    return epoch?.secret.msg === undefined ? undefined : epoch
  }

  /** Newest first; those that membership does not name last. */
  all(): Epoch[] {
    const named = this.#order.flatMap((id) => this.get(id) ?? [])
    if (named.length === this.#epochs.size) return named
    return [...named, ...[...this.#epochs.values()].filter((epoch) => !named.includes(epoch)).reverse()]
  }
}

const lentName = (epoch: Uint8Array, device: Uint8Array | undefined): string =>
  `${toBase32(epoch)} ${device === undefined ? '' : toBase32(device)}`

/** Ids of all epochs by generation, the latest first, and of all the one that is written under. */
export function newestFirst({ epochs, currentEpoch }: Membership): Uint8Array[] {
  const rank = (id: Uint8Array): number => (currentEpoch !== undefined && equalBytes(id, currentEpoch) ? 0 : 1)
  const order = [...epochs.values()].sort((a, b) => rank(a.id) - rank(b.id) || b.gen - a.gen || compareBytes(a.id, b.id))
  return order.map(({ id }) => id)
}
