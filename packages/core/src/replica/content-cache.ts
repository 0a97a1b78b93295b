/** Messages that were opened a moment ago, least recently used first out: whoever sends, shows and announces one opens it once. */
import type { DeviceId, Hlc, MessageId, PostPayload } from '@parley/protocol'
import type { Reaction } from '../api.ts'

/** A message as it now is, before names are put to it. */
export interface Content {
  readonly id: MessageId
  readonly key: Uint8Array
  readonly device: DeviceId
  readonly seq: number
  readonly hlc: Hlc
  readonly payload: PostPayload
  readonly editedAt: number | undefined
  readonly reactions: readonly Reaction[]
  readonly replies: number
}

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

function weightOf({ payload, reactions }: Content): number {
  let weight = MESSAGE_WEIGHT + payload.text.length + 64 * payload.mentions.length
  for (const { length } of payload.attachments) weight += length
  for (const { users } of reactions) weight += 64 * users.length
  for (const [key, value] of Object.entries(payload.metadata)) weight += key.length + String(value).length
  return weight
}
