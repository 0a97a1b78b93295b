/** The engine as an application would use it: LevelDB, libp2p over loopback TCP. */
import { createParley, type Conversation, type Parley } from '@parley/chat'
import type { BenchMessage } from './messages.ts'
import { toBench } from './parley-message.ts'
import type { BenchPeer, SyncTimes, System } from './peer.ts'
import { trafficBytes } from './traffic.ts'

export const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

export class ParleyPeer implements BenchPeer {
  readonly #parley: Parley
  #group: Conversation | undefined

  constructor(parley: Parley, group: Conversation | undefined) {
    this.#parley = parley
    this.#group = group
  }

  async send(message: BenchMessage): Promise<void> {
    await this.#conversation().sendMessage({ text: message.text, metadata: { ...message.metadata } })
  }

  async page(page: number): Promise<readonly BenchMessage[]> {
    const { messages } = await this.#conversation().getMessages(page)
    return messages.map(toBench)
  }

  async total(): Promise<number> {
    return (await this.#conversation().getMessages()).totalMessages
  }

  async address(): Promise<string> {
    const [address] = this.#parley.inspect().addresses
    if (address === undefined) throw new Error('not listening')
    // No address in the link: the other end dials when it is told to, not when it starts.
    return JSON.stringify({ address, link: await this.#conversation().invite({ hints: [] }) })
  }

  async join(where: string, total: number): Promise<SyncTimes> {
    const { address, link } = JSON.parse(where) as { address: string; link: string }
    const start = performance.now()
    const group = await this.#parley.join(link)
    this.#group = group
    let newestMs: number | undefined
    let newestBytes: number | undefined
    const complete = Promise.withResolvers<number>()
    const look = async (): Promise<void> => {
      if (newestMs === undefined && group.getLastMessage()?.metadata['n'] === total - 1) {
        const bytes = trafficBytes()
        const { messages, complete } = await group.getMessages()
        const isNewest = complete === undefined && messages.every(({ metadata }, i) => metadata['n'] === total - messages.length + i)
        if (isNewest && newestMs === undefined) {
          newestMs = performance.now() - start
          newestBytes = bytes
        }
      }
      // Every message that can be read has been stored: the engine folds what it has written.
      if (newestMs !== undefined && group.syncState.phase === 'live' && group.syncState.complete !== false && (await this.total()) >= total)
        complete.resolve(performance.now() - start)
    }
    const lookAgain = (): void => void look().catch((error: unknown) => complete.reject(error))
    const stops = [this.#parley.on('conversations', lookAgain), group.on('syncState', lookAgain)]
    await this.#parley.connect(address)
    const completeMs = await complete.promise
    for (const stop of stops) stop()
    return { newestMs: newestMs ?? completeMs, completeMs, ...(newestBytes === undefined ? {} : { newestBytes }) }
  }

  async reconnect(where: string): Promise<void> {
    const group = this.#conversation()
    const live = new Promise<void>((resolve) => {
      const stop = group.on('syncState', ({ phase }) => {
        if (phase !== 'live') return
        stop()
        resolve()
      })
    })
    await this.#parley.connect((JSON.parse(where) as { address: string }).address)
    await live
  }

  saidBytes(): number {
    return this.#parley.inspect().links.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0)
  }

  onMessage(listener: (message: BenchMessage) => void): void {
    this.#conversation().on('message', (message) => listener(toBench(message)))
  }

  close(): Promise<void> {
    return this.#parley.close()
  }

  #conversation(): Conversation {
    if (this.#group === undefined) throw new Error('no conversation yet')
    return this.#group
  }
}

export const parleySystem: System = {
  async load() {
    await import('../../packages/transport-libp2p/src/online.ts')
    await import('../../packages/transport-libp2p/src/sockets.node.ts')
  },
  async create(profile) {
    const parley = await createParley({ profile, name: 'Alice', offline: true })
    return new ParleyPeer(parley, await parley.createGroup({ title: 'Bench' }))
  },
  async open(profile, network) {
    const parley = await createParley({ profile, offline: network === 'offline', listen: network === 'listen' ? [LOOPBACK] : [] })
    return new ParleyPeer(parley, parley.conversations[0])
  },
  // Loaded only where it is needed: it weighs.
  makeHistory: async (profile, total) => (await import('./scale-history.ts')).makeHistory(profile, total),
  async newcomer(profile) {
    return new ParleyPeer(await createParley({ profile, name: 'Bob' }), undefined)
  },
}
