/**
 * A page that is nothing but a client, for tests of several tabs: its address says whose profile it is and where peers meet, and the test drives
 * it through `window.tab`.
 */
import { createParley, tabStatus, type Conversation, type Parley } from '@parley/chat'

/** Messages that a stream has under way at a time: whoever dies, dies in the middle of some. */
const UNDER_WAY = 3
/** Between two messages of one of them: a lively conversation, not a flood that the machine of the test is busy with for minutes. */
const PACE_MS = 150

class Tab {
  readonly parley: Parley
  /** Texts of `message` events, in their order. */
  readonly told: string[] = []
  /** Texts of messages whose `sendMessage` resolved. */
  readonly sent: string[] = []
  #isOn = false
  #streams: Promise<void>[] = []

  constructor(parley: Parley) {
    this.parley = parley
  }

  get group(): Conversation {
    return this.parley.conversations[0]!
  }

  role(): string | undefined {
    return tabStatus(this.parley)?.role
  }

  listen(): void {
    this.group.on('message', ({ text }) => void this.told.push(text))
  }

  /** Writes one message after the other until `stop`. */
  start(name: string): void {
    this.#isOn = true
    let next = 0
    const run = async (): Promise<void> => {
      while (this.#isOn) {
        this.sent.push((await this.group.sendMessage({ text: `${name} ${next++}` })).text)
        await new Promise((resolve) => setTimeout(resolve, PACE_MS))
      }
    }
    this.#streams = Array.from({ length: UNDER_WAY }, run)
  }

  async stop(): Promise<string[]> {
    this.#isOn = false
    await Promise.all(this.#streams)
    return this.sent
  }

  /** Every message, oldest first. */
  async texts(): Promise<string[]> {
    const texts: string[] = []
    for (let page = 1; ; page++) {
      const { messages, totalPages } = await this.group.getMessages(page)
      texts.unshift(...messages.map(({ text }) => text))
      if (page >= totalPages) return texts
    }
  }
}

export type { Tab }

const query = new URLSearchParams(location.search)
const name = query.get('name') ?? 'nobody'
const init = { profile: name, name, rendezvous: query.getAll('rendezvous'), relays: query.getAll('relay') }
const tab = createParley(init).then((parley) => new Tab(parley))
Object.assign(globalThis, { tab })
