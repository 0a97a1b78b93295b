/** A peer in a process of its own, on memory and libp2p, that does what its parent asks over IPC: for tests of networks, with many of them. */
import { createParley, type Conversation } from '@parley/chat'
import { createMemoryStore } from '@parley/testing'
import { libp2pTransport, type Libp2pTransportInit } from '@parley/transport-libp2p'
import { laneOf, watched } from '../simulation/watched.ts'

/** What the parent says once, in JSON, as the first argument. */
export interface NetPeerInit extends Omit<Libp2pTransportInit, 'privateKey'> {
  readonly name: string
}

export type Command =
  | { readonly do: 'invite'; readonly uses: number }
  | { readonly do: 'join'; readonly link: string }
  | { readonly do: 'send'; readonly text: string }
  | { readonly do: 'look' }

/** What a peer knows at this moment. */
export interface Look {
  /** Of all messages, oldest first. */
  readonly texts: readonly string[]
  readonly members: number
  readonly device: string
  /** Where the other ends of its links are. */
  readonly links: readonly string[]
  /** Messages that it pushed to others without being asked. */
  readonly pushed: number
}

export type Say =
  | { readonly answer: number; readonly value: unknown }
  | { readonly failure: number; readonly message: string }
  /** `from`: the device at the other end of the link that brought it, when one thing is said between two looks. */
  | { readonly heard: string; readonly atMs: number; readonly from: string | undefined }

/** On the live lane travel entries, each with a signature of 64 bytes and more, and acknowledgements of half as many. */
const MIN_UPDATE_BYTES = 100

const { name, ...network } = JSON.parse(process.argv[2]!) as NetPeerInit
const say = (what: Say): void => void process.send!(what)
let pushed = 0
/** Where the first entry since the last look came from. */
let first: string | undefined
const count = (frame: Uint8Array): void => {
  if (laneOf(frame) === 'live' && frame.length >= MIN_UPDATE_BYTES) pushed++
}
const come = (frame: Uint8Array, { remote }: { readonly remote: string }): void => {
  if (laneOf(frame) !== 'live' || frame.length < MIN_UPDATE_BYTES) return
  first ??= remote
}
const parley = await createParley({ name, store: createMemoryStore(), transports: [watched(libp2pTransport(network), count, come)] })
let conversation: Conversation | undefined

function use(opened: Conversation): Conversation {
  opened.on('message', ({ text }) =>
    say({ heard: text, atMs: Date.now(), from: parley.inspect().links.find(({ remote }) => remote === first)?.device }),
  )
  conversation = opened
  return opened
}

async function textsOf(opened: Conversation): Promise<string[]> {
  const { totalPages } = await opened.getMessages()
  const pages = []
  for (let page = totalPages; page >= 1; page--) pages.push(await opened.getMessages(page))
  return pages.flatMap(({ messages }) => messages.map(({ text }) => text))
}

async function run(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'invite':
      return use(await parley.createGroup()).invite({ uses: command.uses })
    case 'join': {
      const joined = use(await parley.join(command.link))
      while (joined.state !== 'member') await new Promise<void>((resolve) => setTimeout(resolve, 20))
      return undefined
    }
    case 'send':
      return (await conversation!.sendMessage({ text: command.text })).id
    case 'look':
      first = undefined
      return {
        texts: conversation === undefined ? [] : await textsOf(conversation),
        members: conversation?.members().length ?? 0,
        device: parley.me.deviceId,
        links: parley.inspect().links.map(({ remote }) => remote),
        pushed,
      } satisfies Look
  }
}

process.on('message', ({ number, command }: { number: number; command: Command }) => {
  run(command).then(
    (value) => say({ answer: number, value }),
    (error: unknown) => say({ failure: number, message: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
say({ answer: 0, value: undefined })
