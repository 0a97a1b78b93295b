import type { Conversation } from '@parley/core'
import type { ErrorCode, MessageId, ParleyError } from '@parley/protocol'
import type { SeededRandom } from '@parley/testing'
import { expect } from 'vitest'
import type { Parley } from '../../src/index.browser.ts'
import { allMessages, onlyConversation } from './open-tab.ts'

/** Of a file that goes along: one chunk. */
const FILE_BYTES = 20_000

interface Told {
  /** What it shows. */
  text: string
  /** An edit that nobody was told to be done: it shows either. */
  begun: string | undefined
  isDeleted: boolean
  mayBeDeleted: boolean
}

/** What tabs of a profile with one conversation were told to be done, which outlives them. */
export class Ledger {
  readonly #random: SeededRandom
  readonly #told = new Map<MessageId, Told>()
  /** Every text that anybody was about to say. */
  readonly #said = new Set<string>()
  #done = 0
  #awaited: { done: number; resolve: () => void } | undefined

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get messages(): number {
    return this.#told.size
  }

  /** Resolves once so many more operations are told to be done. */
  more(operations: number): Promise<void> {
    return new Promise((resolve) => (this.#awaited = { done: this.#done + operations, resolve }))
  }

  /** Sends, edits and deletes, one after the other, until the tab is dead or something is refused. Resolves with the code of the refusal. */
  async talk(group: Conversation, isDead: () => boolean): Promise<ErrorCode | undefined> {
    while (!isDead()) {
      try {
        await this.#operate(group)
      } catch (error) {
        if (isDead()) return undefined
        // Of another window, so that it is no instance of our classes.
        const { name, code } = error as ParleyError
        if (name !== 'ParleyError') throw error
        return code
      }
      this.#done++
      if (this.#awaited !== undefined && this.#done >= this.#awaited.done) this.#awaited.resolve()
    }
    return undefined
  }

  async send(group: Conversation, withFile = false): Promise<void> {
    const text = this.#say()
    const { id } = await group.sendMessage({ text, ...(withFile ? { file: new File([new Uint8Array(FILE_BYTES)], 'file.bin') } : {}) })
    this.#told.set(id, { text, begun: undefined, isDeleted: false, mayBeDeleted: false })
  }

  #say(): string {
    const text = `text ${this.#said.size}`
    this.#said.add(text)
    return text
  }

  async #operate(group: Conversation): Promise<void> {
    // One with an edit under way is left alone: what it then shows could not be told.
    const free = [...this.#told].filter(([, { begun, mayBeDeleted }]) => begun === undefined && !mayBeDeleted)
    const kind = this.#random.integer(10)
    if (kind < 6 || free.length === 0) return this.send(group, kind === 0)
    const [id, told] = this.#random.pick(free)
    if (kind < 8) {
      const text = this.#say()
      told.begun = text
      await group.updateMessage(id, { text })
      Object.assign(told, { text, begun: undefined })
    } else {
      told.mayBeDeleted = true
      await group.deleteMessage(id)
      told.isDeleted = true
    }
  }

  /** Nothing is damaged, lost, doubled or made up; what was begun is settled from here on. */
  async check(parley: Parley): Promise<void> {
    const { damages, messages } = await parley.verify()
    expect(damages).toEqual([])
    const shown = await allMessages(onlyConversation(parley))
    expect(shown.length).toBe(messages)
    const texts = new Map(shown.map(({ id, text }) => [id, text]))
    expect(new Set(texts.values()).size, 'no text twice').toBe(shown.length)
    expect(
      [...texts.values()].filter((text) => !this.#said.has(text)),
      'texts that nobody said',
    ).toEqual([])
    for (const [id, told] of this.#told) {
      const text = texts.get(id)
      if (text === undefined) expect(told.mayBeDeleted, `${told.text} is lost`).toBe(true)
      else {
        expect(told.isDeleted, `${text} is deleted`).toBe(false)
        expect([told.text, told.begun], 'what it shows').toContain(text)
      }
      Object.assign(told, { text: text ?? told.text, begun: undefined, isDeleted: text === undefined, mayBeDeleted: text === undefined })
    }
  }
}
