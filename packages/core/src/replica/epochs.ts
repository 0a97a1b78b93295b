/** The epoch keys that this device holds for one conversation, and what is derived from them. */
import { deriveKey, epochCommitment, epochIdOf, type EpochSecret } from '@parley/crypto'
import { concatBytes, toBase32, toBase64Url } from '@parley/protocol'
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
  /** Seals the message operations of one device (16 bytes). */
  messageKey(device: Uint8Array): Uint8Array
}

export class EpochKeys {
  readonly #conversation: Uint8Array
  readonly #epochs = new Map<string, Epoch>()
  #current: Epoch | undefined

  /** `conversation` is the 32-byte id. */
  constructor(conversation: Uint8Array) {
    this.#conversation = conversation
  }

  /** Takes in a secret; the latest one added is the current one. Returns its epoch. */
  add(secret: EpochSecret): Epoch {
    const id = epochIdOf(this.#conversation, epochCommitment(secret))
    const key = toBase32(id)
    const known = this.#epochs.get(key)
    if (known !== undefined) return known
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
        const name = toBase32(device)
        let derived = messageKeys.get(name)
        if (derived === undefined) messageKeys.set(name, (derived = deriveKey(secret.msg, 'msg', concatBytes(context, device))))
        return derived
      },
    }
    this.#epochs.set(key, epoch)
    this.#current = epoch
    return epoch
  }

  get(id: Uint8Array): Epoch | undefined {
    return this.#epochs.get(toBase32(id))
  }

  /** The epoch that this device writes under; undefined before admission. */
  get current(): Epoch | undefined {
    return this.#current
  }

  /** Newest first. */
  all(): Epoch[] {
    return [...this.#epochs.values()].reverse()
  }
}
