/** What this device remembers of one conversation for its user and tells nobody: muted, read up to where, unread from where. One row. */
import { compareBytes, decodeCbor, encodeCbor } from '@parley/protocol'
import type { Context } from '../context.ts'
import { Mutex } from '../support/mutex.ts'
import type { Keyspace } from '../replica/keyspace.ts'
import { TIMELINE_KEY_BYTES } from '../replica/timeline-key.ts'

/** Timeline keys; undefined for none. */
interface Remembered {
  readonly isMuted: boolean
  /** Seen up to here, without telling. */
  readonly readTo: Uint8Array | undefined
  /** Marked as unread from here on. */
  readonly unreadFrom: Uint8Array | undefined
}

export class ConversationPreferences {
  readonly #context: Context
  readonly #keys: Keyspace
  readonly #onChange: () => void
  readonly #mutex = new Mutex()
  #value: Remembered = { isMuted: false, readTo: undefined, unreadFrom: undefined }

  /** `onChange`: something is remembered that was not. */
  constructor(context: Context, keys: Keyspace, onChange: () => void) {
    this.#context = context
    this.#keys = keys
    this.#onChange = onChange
  }

  get isMuted(): boolean {
    return this.#value.isMuted
  }

  get readTo(): Uint8Array | undefined {
    return this.#value.readTo
  }

  get unreadFrom(): Uint8Array | undefined {
    return this.#value.unreadFrom
  }

  async load(): Promise<void> {
    const row = await this.#context.store.get(this.#keys.reading())
    const value = row === undefined ? undefined : decodeCbor(row)
    if (!Array.isArray(value)) return
    const [isMuted, readTo, unreadFrom] = value as unknown[]
    this.#value = { isMuted: isMuted === true, readTo: keyOrNone(readTo), unreadFrom: keyOrNone(unreadFrom) }
  }

  setMuted(isMuted: boolean): Promise<void> {
    return this.#set((now) => (now.isMuted === isMuted ? now : { ...now, isMuted }))
  }

  /** Returns whether that is further than before. */
  async readUpTo(key: Uint8Array): Promise<boolean> {
    let isFurther = false
    await this.#set((now) => {
      isFurther = now.readTo === undefined || compareBytes(now.readTo, key) < 0
      return isFurther ? { ...now, readTo: key } : now
    })
    return isFurther
  }

  /** Undefined: nothing is marked any more. */
  markUnread(from: Uint8Array | undefined): Promise<void> {
    return this.#set((now) => (now.unreadFrom === from ? now : { ...now, unreadFrom: from }))
  }

  #set(change: (now: Remembered) => Remembered): Promise<void> {
    return this.#mutex.run(async () => {
      const value = change(this.#value)
      if (value === this.#value) return
      const row = encodeCbor([value.isMuted, value.readTo ?? null, value.unreadFrom ?? null])
      await this.#context.store.write([{ type: 'put', key: this.#keys.reading(), value: row }])
      this.#value = value
      this.#onChange()
    })
  }
}

function keyOrNone(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length === TIMELINE_KEY_BYTES ? value : undefined
}
