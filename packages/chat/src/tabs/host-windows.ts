/** The live windows that a guest has open, as the tab with the engine holds them. */
import type { Conversation, Timeline, TimelineAnchor, TimelineOptions } from '@parley/core'
import { ParleyError, type ConversationId } from '@parley/protocol'
import { toPlain, type Plain } from './values.ts'

/** Windows of one guest; the oldest gives way. A screen shows one, and those that nobody holds are given up. */
const MAX_WINDOWS = 64

interface Open {
  readonly timeline: Timeline
  stop(): void
}

export class HostWindows {
  readonly #show: (subject: ConversationId, window: number, snapshot: Plain, isReady: boolean) => void
  readonly #open = new Map<string, Open>()

  constructor(show: (subject: ConversationId, window: number, snapshot: Plain, isReady: boolean) => void) {
    this.#show = show
  }

  /** Opens a window, or opens it again. @throws {InvalidArgument, Closed} */
  open(conversation: Conversation, window: number, options: TimelineOptions): void {
    const subject = conversation.getId()
    const key = keyOf(subject, window)
    this.close(subject, window)
    const timeline = conversation.timeline(options)
    let isReady = false
    const show = (): void => this.#show(subject, window, toPlain(timeline.getSnapshot(), { subject }), isReady)
    const stop = timeline.subscribe(show)
    this.#open.set(key, { timeline, stop })
    void timeline.ready.then(() => {
      isReady = true
      if (this.#open.get(key)?.timeline === timeline) show()
    })
    const [oldest] = this.#open
    if (oldest === undefined || this.#open.size <= MAX_WINDOWS) return
    oldest[1].stop()
    this.#open.delete(oldest[0])
  }

  /** What a guest asks of its window: method and arguments. @throws {Closed} and what the engine throws. */
  async ask(subject: string, args: readonly unknown[]): Promise<void> {
    const [window, method, argument] = args as [number, string, unknown]
    const timeline = this.#open.get(keyOf(subject, window))?.timeline
    if (timeline === undefined) throw new ParleyError('Closed', 'this window is not open any more')
    if (method === 'loadBefore') return timeline.loadBefore(argument as number | undefined)
    if (method === 'loadAfter') return timeline.loadAfter(argument as number | undefined)
    if (method === 'jump') return timeline.jump(argument as TimelineAnchor)
    throw new ParleyError('InvalidArgument', 'a window cannot do that')
  }

  close(subject: string, window: number): void {
    this.#open.get(keyOf(subject, window))?.stop()
    this.#open.delete(keyOf(subject, window))
  }

  closeAll(): void {
    for (const { stop } of this.#open.values()) stop()
    this.#open.clear()
  }
}

const keyOf = (subject: string, window: number): string => `${window} ${subject}`
