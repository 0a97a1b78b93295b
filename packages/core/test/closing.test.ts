/** Closing while history is being checked: the work ends at its next slice, and leaves nothing behind that was not whole. */
import { nodeProvider } from '@parley/crypto/node'
import type { CryptoProvider } from '@parley/crypto'
import { CHUNK_ENTRIES } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { afterEach, expect, test, vi, type MockInstance } from 'vitest'
import { createEngine, type Conversation, type Parley } from '../src/index.ts'
import { LogStarts } from '../src/replica/log-starts.ts'
import { ConversationLog } from '../src/replica/log.ts'
import type { Replica } from '../src/replica/replica.ts'
import { createWorld, systemClock, until } from './support.ts'

/** Five chunks, of which the newest is taken in first and the others before it. */
const MESSAGES = 1_030

afterEach(() => void vi.restoreAllMocks())

/** Entries that are here: the number of messages counts those that are still to come. */
function entriesOf(conversation: Conversation): number {
  const { log } = (conversation as Conversation & { replica: Replica }).replica
  return log.heads().reduce((sum, head) => sum + head.state.nextSeq - log.startOf(head.log), 0)
}

/** Checks signatures once `ready` lets it. */
function waiting(ready: () => Promise<void>): CryptoProvider {
  const provider = nodeProvider()
  return {
    ...provider,
    sha256: (bytes) => provider.sha256(bytes),
    sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
    signingKey: (seed) => provider.signingKey(seed),
    agreementKey: (secret) => provider.agreementKey(secret),
    encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
    sealBody: (key, nonce, aad, plaintext) => provider.sealBody(key, nonce, aad, plaintext),
    openBody: (key, sealed, aad) => provider.openBody(key, sealed, aad),
    verify: (job) => ready().then(() => provider.verify(job)),
    verifyMany: (jobs) => ready().then(() => provider.verifyMany(jobs)),
  }
}

test.each(['verifyBeginning', 'verifyBefore'] as const)('closing during %s drops the run whole, and it comes again', async (during) => {
  const world = createWorld()
  const alice = await world.peer('alice')
  const group = await alice.createGroup({ title: 'Picnic' })
  await Promise.all(Array.from({ length: MESSAGES }, (_, i) => group.sendMessage({ text: `message ${i}` })))
  const disk = createMemoryDisk()
  const failures: Error[] = []
  let closing: Promise<void> | undefined
  let isChecking = false
  const peers: Parley[] = []
  const stopped = Promise.withResolvers<void>()
  const crypto = waiting(async () => {
    if (!isChecking) return
    closing ??= peers[0]?.close()
    await stopped.promise
  })
  const base = { clock: systemClock, logger: silentLogger(), name: 'bob' }
  const transports = [world.network.transport('bob')]
  const bob = await createEngine({ ...base, store: createMemoryStore({ disk }), transports, crypto, random: seededRandom(5) })
  peers.push(bob)
  bob.on('error', (error) => void failures.push(error))
  const joined = await bob.join(await group.invite())
  const { stop } = ConversationLog.prototype
  vi.spyOn(ConversationLog.prototype, 'stop').mockImplementation(function (this: ConversationLog) {
    stop.call(this)
    stopped.resolve()
  })
  const check = LogStarts.prototype[during] as (...args: never[]) => never
  let kept = 0
  const checking = vi.spyOn(LogStarts.prototype, during) as unknown as MockInstance<(...args: never[]) => unknown>
  checking.mockImplementation(function (this: LogStarts, ...args) {
    if (!isChecking) kept = entriesOf(joined)
    isChecking = true
    return check.apply(this, args)
  })
  await until(() => closing !== undefined)
  await closing
  expect(failures).toEqual([])
  vi.restoreAllMocks()

  const plain = { ...base, crypto: nodeProvider() }
  const offline = await createEngine({ ...plain, store: createMemoryStore({ disk }), random: seededRandom(6), transports: [] })
  expect(entriesOf(offline.conversations[0]!)).toBe(kept)
  expect(kept).toBeLessThan(during === 'verifyBeginning' ? CHUNK_ENTRIES : 2 * CHUNK_ENTRIES)
  await offline.close()

  const online = { ...plain, random: seededRandom(7), transports: [world.network.transport('bob again')] }
  const again = await createEngine({ ...online, store: createMemoryStore({ disk }) })
  const [conversation] = again.conversations
  await until(async () => (await conversation!.getMessages()).totalMessages === MESSAGES && entriesOf(conversation!) > MESSAGES)
  expect(conversation!.getLastMessage()?.text).toBe(group.getLastMessage()?.text)
  await again.close()
  await world.close()
})
