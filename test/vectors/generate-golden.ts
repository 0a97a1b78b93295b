/**
 * Writes the golden store of this version: `node --conditions=@parley/source test/vectors/generate-golden.ts`. By hand, and only while this version
 * has not been released; a released golden store is never written again, its successors get the next number.
 *
 * Alice's profile: a group with bob, 600 messages by both, edits, deletions, answers, metadata, names and seen slots, and a second group that she
 * waits to be let into.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nobleProvider } from '@parley/crypto'
import { createEngine, type Conversation, type Message, type Parley, type Store } from '@parley/core'
import { createManualClock, createMemoryDisk, createMemoryNetwork, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { PROTOCOL_VERSION } from '@parley/protocol'
import { viewOf } from '../../packages/core/test/golden-view.ts'
import { hex, START_MS } from './make/seed.ts'

const MESSAGES = 600

const clock = createManualClock({ start: START_MS })
const network = createMemoryNetwork({ clock })
const disk = createMemoryDisk()
const random = seededRandom(20_260_101)

const peer = (name: string, store: Store, seed: number): Promise<Parley> =>
  createEngine({ store, transports: [network.transport(name)], crypto: nobleProvider(), clock, random: seededRandom(seed), logger: silentLogger(), name })

/** Lets frames arrive until the work is done. */
async function done<T>(work: Promise<T>): Promise<T> {
  let settled = false
  const watched = work.finally(() => (settled = true))
  while (!settled) await clock.advance(7)
  return watched
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await clock.advance(7)
}

const alice = await done(peer('alice', createMemoryStore({ disk }), 1))
const bob = await done(peer('bob', createMemoryStore(), 2))
const hers = await done(alice.createGroup({ title: 'Picnic', avatar: 'https://example.org/basket.png', metadata: { place: 'lake', guests: 12, ratio: 0.5, open: true } }))
const his = await done(bob.join(await done(hers.invite({ uses: 3 }))))
await done(his.admitted())
await until(() => hers.members().every(({ name }) => name !== ''))

const sent: { by: Conversation; message: Message }[] = []
while (sent.length < MESSAGES) {
  const by = random.integer(2) === 0 ? hers : his
  const other = by === hers ? his : hers
  // Several at once, so that most entries are under the signature of a later one.
  const count = Math.min(1 + random.integer(12), MESSAGES - sent.length)
  const answered = random.pick(['', '', sent.at(-1)?.message.id ?? ''])
  const messages = await done(
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        by.sendMessage({
          text: `message ${sent.length + i + 1}`,
          ...(i === 0 && answered !== '' ? { replyTo: answered as Message['id'] } : {}),
          ...(random.integer(20) === 0 ? { metadata: { mood: 'merry', n: sent.length + i } } : {}),
        }),
      ),
    ),
  )
  sent.push(...messages.map((message) => ({ by, message })))
  await until(async () => (await other.getMessage((messages.at(-1) as Message).id)) !== undefined)
  await clock.advance(1_000 * (1 + random.integer(600)))
  if (sent.length > 560) continue
  const { by: author, message } = random.pick(sent)
  if (random.integer(3) === 0 && (await author.getMessage(message.id)) !== undefined) await done(author.deleteMessage(message.id))
  else if ((await author.getMessage(message.id)) !== undefined) await done(author.updateMessage(message.id, { text: `${message.text}, edited`, metadata: { edited: true } }))
}
await done(hers.setMetadata({ place: null, guests: 14, 'ключ': 'значение' }))
await done(hers.setTitle('Picnic at the lake'))
await done(alice.setProfile({ name: 'Alice', avatar: 'https://example.org/alice.png' }))
await done(bob.setProfile({ name: 'Bob' }))
await until(() => his.getTitle() === 'Picnic at the lake' && hers.members().some(({ name }) => name === 'Bob'))
await done(his.seen((sent.at(-10) as { message: Message }).message.id))
await done(hers.seen((sent.at(-1) as { message: Message }).message.id))
await clock.advance(5_000)

// A group whose members nobody finds: she waits.
const elsewhere = await done(peer('elsewhere', createMemoryStore(), 3))
const link = await done((await done(elsewhere.createGroup({ title: 'Elsewhere' }))).invite({ hints: ['memory:nowhere'] }))
await done(elsewhere.close())
await done(alice.join(link))

await done(Promise.all([alice.close(), bob.close()]))
const store = createMemoryStore({ disk })
const rows = await store.range({ gte: new Uint8Array(0), lt: Uint8Array.of(0xff, 0xff) })
const reopened = await createEngine({ store, transports: [], crypto: nobleProvider(), clock, random: seededRandom(4), logger: silentLogger() })
const golden = {
  about: `The rows of a profile as protocol version ${PROTOCOL_VERSION} writes them, "key value" in hex, and what it shows.`,
  protocol: PROTOCOL_VERSION,
  now: clock.now(),
  view: await viewOf(reopened),
  rows: rows.map(({ key, value }) => `${hex(key)} ${hex(value)}`),
}
await reopened.close()
const path = fileURLToPath(new URL(`golden-store-${PROTOCOL_VERSION}.json`, import.meta.url))
// One line for a row and for a message: a change can be read.
writeFileSync(path, `${JSON.stringify(golden, null, 1).replaceAll(/\n {5,}/g, ' ')}\n`)
