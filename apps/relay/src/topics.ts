import type { RelayLimits } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

interface Topic<Subscriber> {
  subscribers: Set<Subscriber>
  /** Deliveries. */
  rate: TokenBucket
}

/** Who is subscribed to what, both ways, so that leaving costs only what was taken. Empty topics are forgotten. */
export class Topics<Subscriber> {
  readonly #limits: RelayLimits
  readonly #topics = new Map<string, Topic<Subscriber>>()
  readonly #subscribed = new Map<Subscriber, Set<string>>()
  #subscriptions = 0

  constructor(limits: RelayLimits) {
    this.#limits = limits
  }

  /** Topics with at least one subscriber. */
  get size(): number {
    return this.#topics.size
  }

  /** Pairs of topic and subscriber. */
  get subscriptions(): number {
    return this.#subscriptions
  }

  /** Subscribes, or says which limit forbids it. Twice is the same as once. */
  subscribe(subscriber: Subscriber, name: string, now: number): 'TooManyTopics' | 'TopicFull' | 'RelayFull' | undefined {
    const names = this.#subscribed.get(subscriber) ?? new Set()
    if (names.has(name)) return undefined
    const { topicsPerConnection, subscribersPerTopic, subscriptions, topicBurst, topicDeliveriesPerSecond } = this.#limits
    const topic = this.#topics.get(name)
    if (names.size >= topicsPerConnection) return 'TooManyTopics'
    if (topic !== undefined && topic.subscribers.size >= subscribersPerTopic) return 'TopicFull'
    if (this.#subscriptions >= subscriptions) return 'RelayFull'
    this.#subscribed.set(subscriber, names.add(name))
    if (topic !== undefined) topic.subscribers.add(subscriber)
    else this.#topics.set(name, { subscribers: new Set([subscriber]), rate: new TokenBucket(topicBurst, topicDeliveriesPerSecond, now) })
    this.#subscriptions += 1
    return undefined
  }

  unsubscribe(subscriber: Subscriber, name: string): void {
    const names = this.#subscribed.get(subscriber)
    if (!names?.delete(name)) return
    if (names.size === 0) this.#subscribed.delete(subscriber)
    const topic = this.#topics.get(name)
    topic?.subscribers.delete(subscriber)
    if (topic?.subscribers.size === 0) this.#topics.delete(name)
    this.#subscriptions -= 1
  }

  /** Ends every subscription of a connection that is gone. */
  leave(subscriber: Subscriber): void {
    for (const name of [...(this.#subscribed.get(subscriber) ?? [])]) this.unsubscribe(subscriber, name)
  }

  /** The subscribers of a topic now (a copy, for sending may end some of them) and its rate; undefined when nobody is subscribed. */
  find(name: string): { subscribers: Subscriber[]; rate: TokenBucket } | undefined {
    const topic = this.#topics.get(name)
    return topic === undefined ? undefined : { subscribers: [...topic.subscribers], rate: topic.rate }
  }
}
