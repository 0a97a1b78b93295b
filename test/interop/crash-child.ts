/**
 * Alice and bob in one process, each on a LevelDB and a folder of files: `node crash-child.ts FOLDER SEED POINT MODE`. First everything that an earlier
 * process was told to be done has to be there, nothing may be damaged, and both have to agree (I1, I2, `verify`); then they talk, until the process kills
 * itself with SIGKILL at write number POINT: `before` it, in the middle of it (`during`), or `after` it is done. `supervisor`: somebody else kills it.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { createEngine, type BlobStore, type Conversation, type Parley, type Store } from '@parley/core'
import { nodeFileCrypto, nodeProvider } from '@parley/crypto/node'
import { conversationIdBytes, encodeCbor, type MessageId } from '@parley/protocol'
import { openFileBlobStore, openLevelStore } from '@parley/store-level'
import { createMemoryNetwork, seededRandom, silentLogger, type SeededRandom } from '@parley/testing'
import { Keyspace } from '../../packages/core/src/replica/keyspace.ts'
import { systemClock, until } from '../../packages/core/test/support.ts'
import { Ledger, type Told } from './crash-ledger.ts'

/** More than come between two checkpoints. */
const BURST = 300
const FILE_BYTES = 300_000
const NAMES = ['alice', 'bob'] as const

export type KillMode = 'before' | 'during' | 'after' | 'supervisor'

const [folder = '', seedText = '', pointText = '', mode = ''] = process.argv.slice(2)
const seed = Number(seedText)
const random = seededRandom(seed)
let left = Number(pointText)

/** Kills this process when its time has come, around a write. */
async function killing<T>(write: () => Promise<T>): Promise<T> {
  if (mode === 'supervisor' || --left !== 0) return write()
  if (mode === 'before') return die()
  const writing = write()
  if (mode === 'after') await writing
  // Somewhere between the call and its end, which another thread brings about.
  else for (let i = random.integer(200_000); i > 0; i--) Math.sqrt(i)
  return die()
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}

function killingStore(store: Store): Store {
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    range: (query) => store.range(query),
    write: (operations, options) => killing(() => store.write(operations, options)),
    scrub: (keys) => store.scrub?.(keys),
    estimate: () => store.estimate(),
    close: () => killing(() => store.close()),
  }
}

function killingBlobs(blobs: BlobStore): BlobStore {
  return {
    putManifest: (id, manifest) => killing(() => blobs.putManifest(id, manifest)),
    getManifest: (id) => blobs.getManifest(id),
    put: (id, index, chunk) => killing(() => blobs.put(id, index, chunk)),
    get: (id, index) => blobs.get(id, index),
    drop: (id, index) => killing(() => blobs.drop(id, index)),
    held: (id) => blobs.held(id),
    delete: (id) => killing(() => blobs.delete(id)),
    list: () => blobs.list(),
    estimate: () => blobs.estimate(),
    close: () => blobs.close(),
  }
}

const network = createMemoryNetwork({ clock: systemClock })

async function open(name: string, isOnline: boolean): Promise<Parley> {
  return createEngine({
    store: killingStore(await openLevelStore({ path: join(folder, name, 'rows') })),
    attachments: {
      blobs: killingBlobs(await openFileBlobStore({ path: join(folder, name, 'files') })),
      crypto: nodeFileCrypto(),
      autoFetchBytes: 0,
    },
    transports: isOnline ? [network.transport(name)] : [],
    crypto: nodeProvider(),
    clock: systemClock,
    random: seededRandom(seed * 2 + NAMES.indexOf(name as 'alice')),
    logger: silentLogger(),
    name,
  })
}

/** As an earlier version left it: how far the folds are is said in a form that is none any more, so everything is folded anew. */
async function makeOld(name: string, conversation: string): Promise<void> {
  const store = await openLevelStore({ path: join(folder, name, 'rows') })
  const keys = new Keyspace(conversationIdBytes(conversation as never))
  await store.write([{ type: 'put', key: keys.folded(), value: encodeCbor([[], [], 0, 1, [[], false], false]) }])
  await store.close()
}

/** All messages, by id, as of one moment. */
async function viewOf(conversation: Conversation): Promise<Map<MessageId, unknown[]>> {
  for (;;) {
    const view = new Map<MessageId, unknown[]>()
    const first = await conversation.getMessages()
    let last = first
    for (let page = 1; page <= last.totalPages; page++) {
      const shown = page === 1 ? first : await conversation.getMessages(page)
      for (const { id, author, text, replyTo, reactions, attachments } of shown.messages)
        view.set(id, [author.id, text, replyTo, reactions, attachments.map(({ sha256 }) => sha256)])
      last = await conversation.getMessages()
    }
    // Messages that come or go meanwhile move others to another page.
    if (!isDeepStrictEqual(first, last)) continue
    if (view.size !== first.totalMessages) throw new Error(`${view.size} messages on the pages, ${first.totalMessages} in the total`)
    return view
  }
}

async function checkSound(parley: Parley): Promise<void> {
  const { damages } = await parley.verify()
  if (damages.length > 0) throw new Error(`${parley.me.name} is damaged: ${JSON.stringify(damages)}`)
}

/** What was told to be done is done, and nothing is there that nobody said. */
function checkKept(view: ReadonlyMap<MessageId, unknown[]>, told: Iterable<Told>): void {
  const texts = [...view.values()].map(([, text]) => text as string)
  if (new Set(texts).size !== texts.length) throw new Error('a message is there twice')
  const unsaid = texts.find((text) => !ledger.said().has(text))
  if (unsaid !== undefined) throw new Error(`nobody has said ${unsaid}`)
  for (const { id, texts: versions, isDeleted, mayBeDeleted } of told) {
    if (id === undefined) continue
    const shown = view.get(id)?.[1] as string | undefined
    if (shown === undefined ? !mayBeDeleted : isDeleted || !versions.includes(shown))
      throw new Error(`message ${id} shows ${shown}; told: ${versions.join(' or ')}${isDeleted ? ', deleted' : ''}`)
  }
}

const say = (word: string): void => void writeSync(1, `${word}\n`)

async function found(): Promise<void> {
  const [alice, bob] = [await open('alice', true), await open('bob', true)]
  const group = await alice.createGroup({ title: 'Crash' })
  await (await bob.join(await group.invite())).admitted()
  await Promise.all([alice.close(), bob.close()])
}

/** One thing that somebody does. */
async function act(ledger: Ledger, who: string, conversation: Conversation, rnd: SeededRandom): Promise<void> {
  const kind = rnd.integer(20)
  const pick = (from: readonly Told[]): Told | undefined => from[rnd.integer(Math.max(1, from.length))]
  const own = pick(ledger.free(who))
  const other = pick(ledger.free())
  if (kind < 2 && other !== undefined)
    return ledger.hold(other, async () => {
      if ((await conversation.getMessage(other.id!)) === undefined) return
      if (kind === 0) await conversation.react(other.id!, rnd.pick(['👍', '🎉']))
      else await ledger.send(who, (text) => conversation.sendMessage({ text, replyTo: other.id! }))
    })
  if (kind < 5 && own !== undefined) return ledger.edit(own, (text) => conversation.updateMessage(own.id!, { text }))
  if (kind < 9 && own !== undefined) return ledger.delete(own, () => conversation.deleteMessage(own.id!))
  if (kind === 9) return void (await conversation.setMetadata({ round: rnd.integer(1_000) }))
  if (kind === 10) return void (await conversation.search('text'))
  const file = kind === 11 ? { file: new File([new Uint8Array(FILE_BYTES).fill(rnd.integer(256))], 'file.bin') } : {}
  return ledger.send(who, (text) => conversation.sendMessage({ text, ...file }))
}

if (!existsSync(join(folder, 'alice'))) {
  await found()
  process.exit(0)
}

const path = join(folder, 'ledger')
const ledger = new Ledger(existsSync(path) ? readFileSync(path, 'utf8') : '', openSync(path, 'a'), seed)
if (seed % 7 === 0) {
  const alice = await open('alice', false)
  const { [0]: conversation } = alice.conversations
  await alice.close()
  await makeOld('alice', conversation!.getId())
}
// One of them alone first, in turns: what it has on its own disk.
const alone = NAMES[seed % NAMES.length]!
const parley = await open(alone, false)
await checkSound(parley)
checkKept(await viewOf(parley.conversations[0]!), ledger.of(alone))
await parley.close()
const parleys = [await open('alice', true), await open('bob', true)]
const conversations = parleys.map(({ conversations: [only] }) => only!) as [Conversation, Conversation]
let views: Map<MessageId, unknown[]>[] = []
await until(async () => {
  views = await Promise.all(conversations.map(viewOf))
  return isDeepStrictEqual(views[0], views[1])
})
checkKept(views[0]!, ledger.all())
say('checked')
const work = NAMES.flatMap((name, i) =>
  Array.from({ length: 3 }, async (_, lane) => {
    const rnd = seededRandom(seed * 10 + i * 3 + lane)
    if (lane === 0 && seed % 5 === i)
      await Promise.all(Array.from({ length: BURST }, () => ledger.send(name, (text) => conversations[i]!.sendMessage({ text }))))
    for (let turn = 0; turn < 12; turn++) await act(ledger, name, conversations[i]!, rnd)
  }),
)
await Promise.all(work)
await Promise.all(parleys.map((parley) => parley.close()))
closeSync(ledger.file)
say('closed')
