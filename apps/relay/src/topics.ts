import type { RelayLimits } from './limits.ts'

/** Who is subscribed to what, both ways, so that leaving costs only what was taken. Empty topics are forgotten. */
export class Topics<Subscriber> {
  readonly #limits: RelayLimits
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  readonly #topics = new Map<Subscriber, Set<string>>()
  #subscriptions = 0

  constructor(limits: RelayLimits) {
    this.#limits = limits
  }

  /** Topics with at least one subscriber. */
  get size(): number {
    return this.#subscribers.size
  }

  /** Pairs of topic and subscriber. */
  get subscriptions(): number {
    return this.#subscriptions
  }

  /** Subscribes, or says which limit forbids it. Twice is the same as once. */
  subscribe(subscriber: Subscriber, topic: string): 'TooManyTopics' | 'TopicFull' | 'RelayFull' | undefined {
    const topics = this.#topics.get(subscriber) ?? new Set()
    if (topics.has(topic)) return undefined
    const subscribers = this.#subscribers.get(topic) ?? new Set()
    if (topics.size >= this.#limits.topicsPerConnection) return 'TooManyTopics'
    if (subscribers.size >= this.#limits.subscribersPerTopic) return 'TopicFull'
    if (this.#subscriptions >= this.#limits.subscriptions) return 'RelayFull'
    this.#topics.set(subscriber, topics.add(topic))
    this.#subscribers.set(topic, subscribers.add(subscriber))
    this.#subscriptions += 1
    return undefined
  }

  unsubscribe(subscriber: Subscriber, topic: string): void {
    const topics = this.#topics.get(subscriber)
    if (!topics?.delete(topic)) return
    if (topics.size === 0) this.#topics.delete(subscriber)
    const subscribers = this.#subscribers.get(topic)
    subscribers?.delete(subscriber)
    if (subscribers?.size === 0) this.#subscribers.delete(topic)
    this.#subscriptions -= 1
  }

  /** Ends every subscription of a connection that is gone. */
  leave(subscriber: Subscriber): void {
    for (const topic of [...(this.#topics.get(subscriber) ?? [])]) this.unsubscribe(subscriber, topic)
  }

  /** The subscribers of a topic now; a copy, for sending may end some of them. */
  subscribers(topic: string): Subscriber[] {
    return [...(this.#subscribers.get(topic) ?? [])]
  }
}
