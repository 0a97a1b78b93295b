/** Two peers with a bad network between them: everything is late, some of it much later, and the connection breaks in the middle. */
import { createParley } from '@parley/chat'
import { createMemoryStore, seededRandom } from '@parley/testing'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { libp2pTransport } from '@parley/transport-libp2p'
import { watched } from '../simulation/watched.ts'
import { textsOf, until } from '../../packages/core/test/support.ts'

/** One way. */
const DELAY_MS = 100
/** What TCP makes of a lost packet: everything behind it waits for the second try. */
const LOSS_PERCENT = 2
const RETRANSMISSION_MS = 300
const MESSAGES = 12

/** A TCP proxy on loopback that delays every piece and now and then holds one back as if it had been lost. Nothing overtakes anything. */
class BadNetwork {
  readonly #server = createServer({ noDelay: true }, (near) => this.#join(near))
  readonly #random = seededRandom(7)
  readonly #sockets = new Set<Socket>()
  readonly #target: number
  held = 0

  constructor(target: number) {
    this.#target = target
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Resets what is open, in the middle of whatever is on its way. */
  cut(): number {
    const cut = this.#sockets.size
    for (const socket of this.#sockets) socket.resetAndDestroy()
    return cut
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    this.#carry(near, far)
    this.#carry(far, near)
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    let before = Promise.resolve()
    from.on('data', (data) => {
      const isLost = this.#random.bytes(1)[0]! < (256 * LOSS_PERCENT) / 100
      if (isLost) this.held++
      const arrived = new Promise<void>((resolve) => setTimeout(resolve, DELAY_MS + (isLost ? RETRANSMISSION_MS : 0)))
      before = before.then(() => arrived).then(() => void to.write(data))
    })
    // What was reset at one end is reset at the other.
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}

test(
  '200 ms there and back, 2 % lost, cut twice in the middle: everything arrives, once, in one order',
  { timeout: 90_000 },
  async ({ annotate }) => {
    const tcp = libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    // She tells nobody where she is, for there is a better way than the one through the bad network.
    const transports = [{ ...watched(tcp, () => undefined), addresses: () => [] }]
    const alice = await createParley({ store: createMemoryStore(), name: 'alice', transports })
    const address = tcp.addresses()[0]!
    const network = new BadNetwork(Number(/\/tcp\/(\d+)/.exec(address)![1]))
    const peers = [address.replace(/\/tcp\/\d+/, `/tcp/${await network.open()}`)]
    const bob = await createParley({ store: createMemoryStore(), name: 'bob', peers })
    const hers = await alice.createGroup()
    const his = await bob.join(await hers.invite())
    try {
      await until(() => his.state === 'member')
      const heard: string[] = []
      for (const conversation of [hers, his]) conversation.on('message', ({ text }) => void heard.push(text))
      for (let i = 0; i < MESSAGES; i++) {
        await Promise.all([hers.sendMessage({ text: `alice ${i}` }), his.sendMessage({ text: `bob ${i}` })])
        await new Promise((resolve) => setTimeout(resolve, DELAY_MS / 2))
        if (i !== 4 && i !== 9) continue
        expect(network.cut()).toBeGreaterThan(0)
        await until(() => bob.inspect().links.length === 0)
        bob.wake()
      }
      await until(() => heard.length >= 2 * MESSAGES)
      expect(new Set(heard).size).toBe(2 * MESSAGES)
      expect(heard).toHaveLength(2 * MESSAGES)
      expect(await textsOf(his)).toEqual(await textsOf(hers))
      await annotate(`${network.held} pieces were held back`, 'network')
    } finally {
      await Promise.all([alice.close(), bob.close()])
      network.close()
    }
  },
)
