/** A member with real keys and a patched client: it proves itself on links as an honest one does, and then says whatever a test wants. */
import { sealBody } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import type { Clock, Conversation, Transport } from '@parley/core'
import {
  bodyAad,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeEntry,
  encodeHeader,
  encodePost,
  entryId,
  EntryKind,
  extendChain,
  project,
  signedHead,
  startChain,
  toBase32,
  type ChainState,
  type DeviceId,
  type EntryHeader,
  type LinkMessage,
} from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import type { Context } from '../../packages/core/src/context.ts'
import { Handshake, proofsOf, type Proof } from '../../packages/core/src/network/handshake.ts'
import { storeKeyVault } from '../../packages/core/src/profile/key-vault.ts'
import { conversationRange } from '../../packages/core/src/replica/keyspace.ts'
import { loadProfile } from '../../packages/core/src/profile/profile.ts'
import { decodeRecord } from '../../packages/core/src/replica/record.ts'
import { Replica } from '../../packages/core/src/replica/replica.ts'
import { sessionHandle } from '../../packages/core/src/network/sync.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import { systemClock, until, type World } from '../../packages/core/test/support.ts'
import { createRawPeer, LANE, type RawLink } from './raw-peer.ts'

const crypto = nodeProvider()
export const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)

/** A link of the hostile member on which both ends are identified. */
export interface HostileLink extends RawLink {
  handle: Uint8Array
  handshake: Handshake
}

export interface HostileMember {
  readonly context: Context
  readonly replica: Replica
  /** Every link, whoever is at the other end. */
  readonly links: readonly HostileLink[]
  /** The identified link to that peer. */
  to(name: string): Promise<HostileLink>
  /** Dials that address, and forgets the links that are closed; the identified link to there. */
  dial(address: string): Promise<HostileLink>
  stop(): Promise<void>
}

/**
 * Joins as an honest client, catches up, and comes back as a hostile one, by `transport` where the memory network is not meant.
 * `wait` lets time pass where a test holds the clock.
 */
export async function createHostileMember(
  world: World,
  name: string,
  group: Conversation,
  init: { clock?: Clock; transport?: Transport; wait?: (check: () => boolean | Promise<boolean>) => Promise<void> } = {},
): Promise<HostileMember> {
  const { clock = systemClock, wait = until } = init
  const disk = createMemoryDisk()
  const honest = await world.peer(name, { store: createMemoryStore({ disk }), clock })
  const joined = await honest.join(await group.invite())
  await wait(
    async () => joined.state === 'member' && (await joined.getMessages()).totalMessages === (await group.getMessages()).totalMessages,
  )
  await wait(
    () => joined.syncState.phase === 'live' && joined.syncState.complete === undefined && group.members().some((m) => m.name === name),
  )
  await honest.close()
  world.peers.splice(world.peers.indexOf(honest), 1)

  const store = createMemoryStore({ disk })
  const random = seededRandom(77)
  const logger = silentLogger()
  const vault = storeKeyVault({ store, crypto, random })
  const { identity } = await loadProfile({ store, vault, crypto, clock, random }, undefined)
  const context: Context = {
    store,
    crypto,
    clock,
    random,
    logger,
    me: identity,
    waiting: new WaitingBytes(),
    report: (error) => {
      throw error
    },
  }
  const [row] = await store.range(conversationRange())
  const replica = new Replica(context, group.getId(), decodeRecord(row!.value))
  await replica.load()

  const identified = new Set<HostileLink>()
  const peer = await createRawPeer(world.network, name, {
    clock,
    ...(init.transport === undefined ? {} : { transport: init.transport }),
    topics: [replica.epochs.current!.topic],
    onLink: (link) => greet(link as HostileLink, context, replica, identified),
  })
  return {
    context,
    replica,
    links: peer.links as HostileLink[],
    async to(remote) {
      await wait(() => identified.has(peer.to(remote) as HostileLink) && !peer.to(remote)!.channel.closed)
      return peer.to(remote) as HostileLink
    },
    async dial(address) {
      for (const link of peer.links.splice(0)) {
        if (link.channel.closed) identified.delete(link as HostileLink)
        else peer.links.push(link)
      }
      const isThere = (link: RawLink): boolean => link.channel.transport !== 'memory' || link.channel.remote === address
      if (!peer.links.some(isThere)) await peer.transport.dial!(address)
      await wait(() => identified.has(peer.links.findLast(isThere) as HostileLink))
      return peer.links.findLast(isThere) as HostileLink
    },
    stop: () => peer.transport.stop(),
  }
}

/** The honest half of what a hostile member does. */
function greet(link: HostileLink, context: Context, replica: Replica, identified: Set<HostileLink>): void {
  const handshake = new Handshake(context, link.channel.binding)
  const proof = proofsOf(replica)[0] as Proof
  link.handshake = handshake
  link.onMessage = (message) => {
    if (message.type === 'hello') {
      handshake.meet(message)
      link.handle = sessionHandle(hash, handshake.transcript!, replica.bytes)
      link.send({ type: 'proofs', tags: [handshake.tag(proof, 'mine')] })
    }
    if (message.type === 'proofs' && message.tags.some((tag) => toBase32(tag) === toBase32(handshake.tag(proof, 'theirs')))) {
      void handshake.identity(proof).then((sealed) => {
        link.send({ type: 'identify', tag: handshake.tag(proof, 'theirs'), sealed })
        identified.add(link)
      })
    }
  }
  link.send(handshake.hello)
}

/** What a forged entry is made of; what is left out is as it should be. */
export interface Forgery {
  state: ChainState
  text?: string
  /** What the body says in clear. Default: a post with that text. */
  payload?: Uint8Array
  header?: Partial<EntryHeader>
  body?: Uint8Array
  /** `none` leaves the signature out. Default: by the hostile member's own key. */
  signature?: 'none' | 'own' | Uint8Array
}

/** Writes an entry into the log of any device, as well as one who holds the epoch key and not the device's own can. */
export async function forge(
  { replica, context }: HostileMember,
  device: DeviceId,
  forgery: Forgery,
): Promise<{ bytes: Uint8Array; state: ChainState }> {
  const { state } = forgery
  const bytes = deviceIdBytes(device)
  const seq = state.nextSeq
  const epoch = replica.epochs.current!
  const header: EntryHeader = {
    kind: EntryKind.post,
    time: seq % 256 === 0 ? state.hlc.ms + 1 : 1,
    ctr: 0,
    epoch: epoch.id,
    deps: [],
    posts: state.posts + 1,
    deletes: state.deletes,
    controls: 0,
    ...forgery.header,
  }
  const isControl = header.kind === EntryKind.control
  const headerBytes = encodeHeader(header)
  const payload = forgery.payload ?? encodePost({ text: forgery.text ?? 'forged', metadata: {}, reply: undefined })
  const body =
    forgery.body ??
    sealBody(
      (isControl ? epoch.controlKey : epoch.messageKey(bytes)) as Uint8Array,
      context.random.bytes(24),
      bodyAad(replica.bytes, bytes, seq, headerBytes),
      payload,
    )
  const id = entryId(hash, { conversation: replica.bytes, device: bytes, seq, prevId: state.prevId, headerBytes, bodyHash: hash(body) })
  const own = await context.me.keys.signing.sign(signedHead(replica.bytes, bytes, seq, id))
  const signature = forgery.signature === 'none' ? undefined : forgery.signature instanceof Uint8Array ? forgery.signature : own
  const entry = encodeEntry(headerBytes, body, signature)
  return { bytes: entry, state: { ...state, nextSeq: seq + 1, prevId: id, hlc: { ms: state.hlc.ms + 1, ctr: 0 }, posts: header.posts } }
}

/** The chain after the entries `0 <= seq < to` of a device that the member holds. */
export async function stateAt({ replica }: HostileMember, device: DeviceId, to: number): Promise<ChainState> {
  let state = startChain(hash, replica.bytes, deviceIdBytes(device))
  for (const entry of await replica.log.read(device, 0, to))
    state = extendChain(hash, replica.bytes, deviceIdBytes(device), state, decodeEntry(entry))
  return state
}

/** Sends entries as an update; `device` and `seq` are what the update claims. */
export function sendUpdate(member: HostileMember, link: HostileLink, device: DeviceId, seq: number, entries: readonly Uint8Array[]): void {
  sendIn(link, { type: 'update', bytes: project(hash, member.replica.bytes, [{ device: deviceIdBytes(device), seq, entries }]) }, LANE.live)
}

/** From here on the member gives what it is asked for, as an honest one does: without, nothing that might be another history is judged. */
export function answerWants(member: HostileMember, link: HostileLink): void {
  const { log } = member.replica
  const listen = link.onMessage
  link.onMessage = (message) => {
    listen(message)
    for (const { device, from, to } of message.type === 'want' ? message.ranges : []) {
      const id = deviceIdOf(device)
      void log.read(id, from, to).then((entries) => {
        if (entries.length > 0 && !link.channel.closed) sendUpdate(member, link, id, from, entries)
      })
    }
  }
}

/** The same, and it says what it holds when heads are compared. */
export function serve(member: HostileMember, link: HostileLink): void {
  answerWants(member, link)
  const listen = link.onMessage
  const tell = (): void => sendIn(link, { type: 'have', heads: member.replica.have() })
  link.onMessage = (message) => {
    listen(message)
    if (message.type === 'sum') tell()
  }
  tell()
}

type Sessionless = LinkMessage extends infer M ? (M extends { handle: Uint8Array } ? Omit<M, 'handle'> : never) : never

/** A message of the shared conversation. */
export function sendIn(link: HostileLink, message: Sessionless, lane: number = LANE.control): void {
  link.send({ ...message, handle: link.handle }, lane)
}
