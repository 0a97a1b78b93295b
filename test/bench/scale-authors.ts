/**
 * Long histories by many authors, made fast: the authors' entries are composed as their own devices would and taken in as from a peer, verified and folded;
 * only the links and the waiting are left out.
 */
import { createEngine, type Clock, type KeyVault, type Parley, type Store } from '@parley/core'
import type { CryptoProvider } from '@parley/crypto'
import { conversationIdOf, deviceIdBytes, encodePost, EntryKind, project, type ChainState, type EntryRun } from '@parley/protocol'
import type { Context } from '../../packages/core/src/context.ts'
import { storeKeyVault } from '../../packages/core/src/profile/key-vault.ts'
import { loadProfile } from '../../packages/core/src/profile/profile.ts'
import { conversationRange } from '../../packages/core/src/replica/keyspace.ts'
import { composeRun } from '../../packages/core/src/replica/log-author.ts'
import { decodeRecord } from '../../packages/core/src/replica/record.ts'
import { Replica } from '../../packages/core/src/replica/replica.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import { createMemoryDisk, createMemoryStore, type MemoryStore } from '../../packages/testing/src/memory-store.ts'
import { createMemoryNetwork } from '../../packages/testing/src/memory-transport.ts'
import { silentLogger } from '../../packages/testing/src/silent-logger.ts'
import { messageNumber } from './messages.ts'

export const AUTHORS = 10

/** Messages that an author says before it is the next one's turn; each turn is signed once, as messages that are sent together are. */
const TURN_MESSAGES = 8

/** Messages of all authors that are taken in at a time, as from a peer that gives much at once. */
const BULK_MESSAGES = 1_280

/** When the history begins: long enough ago that it ends before now, at a message a millisecond. */
const AGE_MS = 86_400_000

/** Where a history is made: with which keys and hashes, and in which store. */
export interface Workshop {
  readonly crypto: CryptoProvider
  /** Where the one who founds the group has their keys. Default: in the store. */
  readonly vault?: KeyVault
  /** The store of the one who founds the group; opened twice, one after the other, and closed here. */
  openStore(): Promise<Store>
}

const random = { bytes: (length: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(length)) }
const clock: Clock = {
  now: () => Date.now() - AGE_MS,
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** Fills the store with a profile whose owner founded a group in which others have said `total` messages. */
export async function writeHistory(workshop: Workshop, total: number): Promise<void> {
  const hash = (bytes: Uint8Array): Uint8Array => workshop.crypto.sha256(bytes)
  const seal: CryptoProvider['sealBody'] = (key, nonce, aad, text) => workshop.crypto.sealBody(key, nonce, aad, text)
  const stores = await foundGroup(workshop)
  const store = await workshop.openStore()
  const reader = await openReplica(workshop, store, workshop.vault)
  const authors = await Promise.all(stores.map((each) => openReplica(workshop, each)))
  const states = authors.map(({ replica, context }): ChainState => replica.log.state(context.me.deviceId))
  // What they said as they joined may still have been on its way.
  for (const [i, { replica, context }] of authors.entries()) {
    const device = deviceIdBytes(context.me.deviceId)
    const entries = await replica.log.read(context.me.deviceId, 0, states[i]!.nextSeq)
    await reader.replica.ingest(project(hash, replica.bytes, [{ device, seq: 0, entries }]), reader)
  }
  const start = clock.now() + 1
  for (let n = 0, turn = 0; n < total;) {
    const end = Math.min(total, n + BULK_MESSAGES)
    const seqs = states.map(({ nextSeq }) => nextSeq)
    const said = authors.map((): Uint8Array[] => [])
    for (const first = n; n < end; turn++) {
      const who = turn % authors.length
      const { context, replica } = authors[who]!
      const epoch = replica.epochs.current!
      const count = Math.min(TURN_MESSAGES, end - n)
      const drafts = Array.from({ length: count }, (_, i) => {
        const { text, metadata } = messageNumber(n + i)
        return { kind: EntryKind.post, payload: encodePost({ text, metadata: { ...metadata }, reply: undefined }), epoch }
      })
      const state = states[who]!
      const place = { conversation: replica.bytes, hash, seal, state, latest: state.hlc, deps: [] }
      const author = { device: context.me.deviceId, key: context.me.keys.signing }
      const made = await composeRun(place, author, drafts, start + n, (length) => random.bytes(length))
      states[who] = made.state
      said[who]!.push(...made.entries.map(({ bytes }) => bytes))
      n += count
      if (n === end)
        assertTaken(end - first, await reader.replica.ingest(project(hash, replica.bytes, runsOf(authors, seqs, said)), reader))
    }
  }
  await reader.replica.close()
  await store.close()
  for (const each of authors) await each.replica.close()
}

function runsOf(
  authors: readonly { readonly context: Context }[],
  seqs: readonly number[],
  said: readonly (readonly Uint8Array[])[],
): EntryRun[] {
  return authors
    .map(({ context }, i) => ({ device: deviceIdBytes(context.me.deviceId), seq: seqs[i]!, entries: said[i]! }))
    .filter(({ entries }) => entries.length > 0)
}

function assertTaken(count: number, { accepted }: { accepted: number }): void {
  if (accepted !== count) throw new Error(`${accepted} of ${count} messages were taken in`)
}

/** The authors' stores: they have joined, and nobody has said anything. */
async function foundGroup({ crypto, vault, openStore }: Workshop): Promise<readonly MemoryStore[]> {
  const network = createMemoryNetwork({ clock })
  const common = { crypto, clock, random, logger: silentLogger() }
  const founder = await createEngine({
    ...common,
    ...(vault === undefined ? {} : { vault }),
    store: await openStore(),
    transports: [network.transport()],
    name: 'Alice',
  })
  const group = await founder.createGroup({ title: 'Bench' })
  const link = await group.invite({ uses: AUTHORS })
  const disks = Array.from({ length: AUTHORS }, () => createMemoryDisk())
  const engines: Parley[] = []
  for (const [i, disk] of disks.entries()) {
    const engine = await createEngine({
      ...common,
      store: createMemoryStore({ disk }),
      transports: [network.transport()],
      name: `Author ${i}`,
    })
    engines.push(engine)
    await (await engine.join(link)).admitted()
  }
  // Everybody has said its name, and everybody has heard that.
  const isQuiet = (): boolean =>
    [founder, ...engines].every((engine) => engine.conversations[0]!.members().filter(({ name }) => name !== '').length === AUTHORS + 1)
  while (!isQuiet()) await new Promise((resolve) => setTimeout(resolve, 50))
  await Promise.all([founder, ...engines].map((engine) => engine.close()))
  return disks.map((disk) => createMemoryStore({ disk }))
}

async function openReplica({ crypto }: Workshop, store: Store, vault?: KeyVault): Promise<{ context: Context; replica: Replica }> {
  const logger = silentLogger()
  const { identity } = await loadProfile(
    { store, vault: vault ?? storeKeyVault({ store, crypto, random }), crypto, clock, random },
    undefined,
  )
  const report = (error: unknown): void => {
    throw error
  }
  const context: Context = { store, crypto, clock, random, logger, me: identity, waiting: new WaitingBytes(), report }
  const [row] = await store.range(conversationRange())
  if (row === undefined) throw new Error('no conversation')
  const replica = new Replica(context, conversationIdOf(row.key.slice(1)), decodeRecord(row.value))
  await replica.load()
  return { context, replica }
}
