/**
 * Which messages a guest's listeners have been told of, so that each is told once: neither lost with a host that died before it could say so,
 * nor told twice because two hosts did.
 */
import type { Message, MessagePage } from '@parley/core'
import { deviceIdOf, isParleyError, messageIdParts, type DeviceId, type MessageId } from '@parley/protocol'

/** Messages remembered: many times what can be under way when a host dies. */
const MAX_KNOWN = 4_096
/** Pages read back after a host's death until one is met that is known; more than a thousand messages cannot have gone by. */
const MAX_PAGES = 40

export interface ToldInit {
  /** This profile's device: what it wrote is not told. */
  device(): DeviceId
  getMessages(page: number): Promise<MessagePage>
  tell(message: Message): void
}

export class ToldMessages {
  readonly #init: ToldInit
  /** `true`: told, and not told again. `false`: was there before, so looking back ends at it. */
  readonly #known = new Map<MessageId, boolean>()
  /** Messages that came while we look back: they follow what was missed. */
  #waiting: Message[] | undefined
  #wantsLookBack = false

  constructor(init: ToldInit) {
    this.#init = init
  }

  /** A host says that this message has come. */
  hear(message: Message): void {
    if (this.#waiting !== undefined) this.#waiting.push(message)
    else this.#tell(message)
  }

  /** Somebody begins to listen: what is there already has not come. */
  async begin(): Promise<void> {
    for (const { id } of (await this.#init.getMessages(1)).messages) this.#note(id, false)
  }

  /** Another host: tells what came while nobody could say so. */
  async lookBack(): Promise<void> {
    this.#wantsLookBack = true
    if (this.#waiting !== undefined) return
    this.#waiting = []
    try {
      while (this.#wantsLookBack) {
        this.#wantsLookBack = false
        for (const message of await this.#missed()) this.#tell(message)
      }
    } finally {
      const waiting = this.#waiting
      this.#waiting = undefined
      for (const message of waiting) this.#tell(message)
    }
  }

  /** Oldest first. */
  async #missed(): Promise<Message[]> {
    const pages: (readonly Message[])[] = []
    for (let number = 1; number <= MAX_PAGES; number++) {
      const page = await this.#page(number)
      if (page === undefined) break
      pages.push(page.messages)
      if (page.messages.some(({ id }) => this.#known.has(id)) || number >= page.totalPages) break
    }
    const missed = pages.reverse().flat()
    const device = this.#init.device()
    for (const { id } of missed) if (deviceIdOf(messageIdParts(id).device) === device) this.#note(id, false)
    return missed.filter(({ id }) => !this.#known.has(id))
  }

  /** A page, or none when deletions made it vanish meanwhile. */
  async #page(number: number): Promise<MessagePage | undefined> {
    try {
      return await this.#init.getMessages(number)
    } catch (error) {
      if (isParleyError(error, 'PageOutOfRange')) return undefined
      throw error
    }
  }

  #tell(message: Message): void {
    if (this.#known.get(message.id) === true) return
    this.#note(message.id, true)
    this.#init.tell(message)
  }

  #note(id: MessageId, isTold: boolean): void {
    this.#known.set(id, isTold || this.#known.get(id) === true)
    if (this.#known.size > MAX_KNOWN) for (const oldest of this.#known.keys()) return void this.#known.delete(oldest)
  }
}
