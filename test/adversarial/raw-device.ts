/** One end of a talk between devices, driven by hand: it holds the link code, and says whatever a test wants. */
import { deviceLinkKeys } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { parseDeviceLink, toBase32, type DeviceLink } from '@parley/protocol'
import { seededRandom } from '@parley/testing'
import { Handshake } from '../../packages/core/src/network/handshake.ts'
import { until, type World } from '../../packages/core/test/support.ts'
import { createRawPeer, type RawLink, type RawPeer } from './raw-peer.ts'

const crypto = nodeProvider()
export const random = seededRandom(31)

export interface RawDevice {
  readonly peer: RawPeer
  readonly link: RawLink
  readonly handshake: Handshake
  /** What the other end has said, step after step. */
  readonly heard: Uint8Array[][]
  /** The sealed bytes of what was said here, as somebody on the way could have recorded them. */
  readonly said: { readonly tag: Uint8Array; readonly sealed: Uint8Array }[]
  say(fields: readonly Uint8Array[]): Promise<void>
}

/**
 * Meets the other end: as a new device (`linking`) it dials alice, as the one that made the link (`link`) it waits. Resolves once both have proved
 * that they hold the link.
 */
export async function createRawDevice(world: World, name: string, code: string, kind: 'linking' | 'link' = 'linking'): Promise<RawDevice> {
  const link: DeviceLink = parseDeviceLink(code)
  const proof = { kind, key: deviceLinkKeys(link).proof }
  const heard: Uint8Array[][] = []
  const said: { tag: Uint8Array; sealed: Uint8Array }[] = []
  let met: { raw: RawLink; handshake: Handshake; tag: Uint8Array } | undefined
  const peer = await createRawPeer(world.network, name, {
    onLink(raw) {
      const handshake = new Handshake({ crypto, random }, raw.channel.binding)
      raw.onMessage = (message) => {
        if (message.type === 'hello') {
          handshake.meet(message)
          raw.send({ type: 'proofs', tags: [handshake.tag(proof, 'mine')] })
        }
        if (message.type === 'proofs') {
          const theirs = handshake.tag(proof, 'theirs')
          if (message.tags.some((tag) => toBase32(tag) === toBase32(theirs))) met = { raw, handshake, tag: theirs }
        }
        if (message.type === 'join') void handshake.hear(proof, message.sealed).then((fields) => heard.push(fields.map((f) => f.slice())))
      }
      raw.send(handshake.hello)
    },
  })
  if (kind === 'linking') await peer.transport.dial!('memory:alice')
  await until(() => met !== undefined)
  const { raw, handshake, tag } = met!
  return {
    peer,
    link: raw,
    handshake,
    heard,
    said,
    async say(fields) {
      const sealed = await handshake.say(proof, fields)
      said.push({ tag, sealed })
      raw.send({ type: 'join', tag, sealed })
    },
  }
}
