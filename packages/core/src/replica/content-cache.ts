/** Messages that were opened a moment ago, least recently used first out: whoever sends, shows and announces one opens it once. */
import type { MessageId } from '@parley/protocol'
import type { Content } from './timeline.ts'

/** Characters kept, and what each message counts beside its text: some thousand short messages. */
const MAX_WEIGHT = 1_048_576
const MESSAGE_WEIGHT = 256

export class ContentCache {
  readonly #contents = new Map<MessageId, Content>()
  #weight = 0

  get(id: MessageId): Content | undefined {
    const content = this.#contents.get(id)
    if (content !== undefined) {
      this.#contents.delete(id)
      this.#contents.set(id, content)
    }
    return content
  }

  add(content: Content): void {
    this.forget(content.id)
    this.#contents.set(content.id, content)
    this.#weight += weightOf(content)
    for (const id of this.#contents.keys()) {
      if (this.#weight <= MAX_WEIGHT) break
      this.forget(id)
    }
  }

  /** The message was edited, purged, or can be read only now. */
  forget(id: MessageId): void {
    const content = this.#contents.get(id)
    if (content === undefined) return
    this.#contents.delete(id)
    this.#weight -= weightOf(content)
  }

  clear(): void {
    this.#contents.clear()
    this.#weight = 0
  }
}

function weightOf({ payload }: Content): number {
  let weight = MESSAGE_WEIGHT + payload.text.length
  for (const [key, value] of Object.entries(payload.metadata)) weight += key.length + String(value).length
  return weight
}
