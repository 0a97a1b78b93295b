import type { Channel, Topic, Transport } from '@parley/core'
import { inject } from 'vitest'
import type { Guest } from './guest.ts'

/** A way to the rendezvous that can be cut. */
export interface Line {
  url: string
  cut(): Promise<void>
  mend(): Promise<void>
}

/** Opens a new way to the rendezvous. */
export async function openLine(): Promise<Line> {
  const control = inject('rendezvousControl')
  const ask = async (path: string): Promise<unknown> => (await fetch(`${control}/${path}`, { method: 'POST' })).json()
  const { id, url } = (await ask('line')) as { id: number; url: string }
  return { url, cut: async () => void (await ask(`cut/${id}`)), mend: async () => void (await ask(`mend/${id}`)) }
}

/** Opens an iframe with modules of its own. */
export async function openGuest(): Promise<{ guest: Guest; close: () => void }> {
  const frame = document.createElement('iframe')
  const ready = new Promise((resolve) => frame.addEventListener('guest', resolve, { once: true }))
  frame.srcdoc = `<script type="module" src="${new URL('./guest.ts', import.meta.url).href}"></script>`
  document.body.append(frame)
  await ready
  return { guest: (frame.contentWindow as unknown as { guest: Guest }).guest, close: () => frame.remove() }
}

/** A started transport with everything that happened to it. */
export interface Peer {
  transport: Transport
  channels: Channel[]
  /** Codes of what was logged, in order. */
  log: string[]
  /** First bytes of the frames of all its channels. */
  frames: number[]
  closed: string[]
}

/** Starts a transport under some topics, on the real clock. */
export async function startPeer(transport: Transport, ...topics: Topic[]): Promise<Peer> {
  const peer: Peer = { transport, channels: [], log: [], frames: [], closed: [] }
  const note = (event: string): void => void peer.log.push(event)
  transport.setTopics(topics)
  await transport.start({
    clock: {
      now: () => Date.now(),
      setTimeout(callback, ms) {
        const id = setTimeout(callback, ms)
        return () => clearTimeout(id)
      },
    },
    random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    logger: { debug: note, warn: note, error: note },
    onChannel(channel) {
      peer.channels.push(channel)
      channel.onFrame((frame) => peer.frames.push(frame[0] ?? -1))
      channel.onClose((reason) => peer.closed.push(reason))
    },
  })
  return peer
}

/** A topic that no other test uses. */
export function newTopic(): Topic {
  return { name: crypto.randomUUID(), secret: crypto.randomUUID() }
}
