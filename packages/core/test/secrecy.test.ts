/** Neither keys nor what people say get into a log line, an error of the engine or a snapshot for people, whatever goes wrong. */
import { createEpochSecret, deriveKey, epochSecretFromBytes } from '@parley/crypto'
import { conversationIdBytes, decodeCbor, deviceIdBytes, isParleyError, parseInviteLink } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Channel, Conversation, Logger, Message, Parley, Store, Topic, Transport } from '../src/index.ts'
import { EpochKeys } from '../src/replica/epochs.ts'
import { deviceKeysKey, Keyspace } from '../src/replica/keyspace.ts'
import { allOf, formsOf, secretsIn } from './leaks.ts'
import { createWorld, systemClock, until, type World } from './support.ts'

/** What people say, each a text of its own that occurs nowhere else. */
const SAID = {
  text: 'meet me at the old mill tonight',
  'edited text': 'rather at the harbour, at nine',
  'metadata value': 'lighthouse-keeper-fourteen',
  'conversation metadata': 'anniversary-surprise-party',
  title: 'Plans that nobody must hear of',
  avatar: 'data:image/png;base64,iVBORw0KGgoSECRETAVATAR',
  name: 'Alexandrina of the seven hills',
}

let world: World
let said: unknown[]
let topics: Topic[]
beforeEach(() => {
  world = createWorld()
  said = []
  topics = []
})
afterEach(() => world.close())

/** Keeps what it is told, with the moment's objects turned to text at once. */
const listening: Logger = {
  debug: (...line) => void said.push(allOf(line)),
  warn: (...line) => void said.push(allOf(line)),
  error: (...line) => void said.push(allOf(line)),
}

async function peer(name: string, store: Store = createMemoryStore()): Promise<Parley> {
  const transport = world.network.transport(name)
  const setTopics = transport.setTopics.bind(transport)
  transport.setTopics = (next) => {
    topics.push(...next)
    setTopics(next)
  }
  const parley = await world.peer(name, { store, logger: listening, transports: [transport] })
  // What an application's own listener threw comes back to it as it was; the errors of the engine are ours to answer for.
  parley.on('error', (error) => isParleyError(error) && said.push(allOf(error)))
  parley.on('conversations', () => {
    throw new Error(SAID.title)
  })
  return parley
}

const failsLater = async ({ text }: Message): Promise<void> => void BigInt(text)

/** Notes the refusal of a call that must fail. */
async function failing(call: () => unknown): Promise<void> {
  const outcome = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  expect(outcome).toBeInstanceOf(Error)
  said.push(allOf(outcome))
}

/** The private keys of a device and the keys of its conversations, as its store holds them and as they are derived. */
async function secretsOf(
  who: string,
  parley: Parley,
  store: Store,
  conversation: Conversation,
): Promise<Record<string, Uint8Array | string>> {
  const [signSecret, agreeSecret] = decodeCbor((await store.get(deviceKeysKey()))!) as [Uint8Array, Uint8Array]
  const secrets: Record<string, Uint8Array | string> = { [`${who} signs`]: signSecret, [`${who} agrees`]: agreeSecret }
  const id = conversationIdBytes(conversation.getId())
  for (const [index, { value }] of (await store.range(new Keyspace(id).epochs())).entries()) {
    const { secret, controlKey, wireKey, presenceKey, topic, messageKey } = new EpochKeys(id).add(epochSecretFromBytes(value)!)
    const all = {
      ...secret,
      controlKey,
      wireKey,
      presenceKey,
      topic: topic.secret,
      messageKey: messageKey(deviceIdBytes(parley.me.deviceId))!,
    }
    for (const [name, key] of Object.entries(all)) secrets[`${who} epoch ${index} ${name}`] = key
  }
  return secrets
}

function secretsOfLink(name: string, link: string): Record<string, Uint8Array | string> {
  const { seed } = parseInviteLink(link)
  return {
    [`${name} seed`]: seed,
    [`${name} key`]: deriveKey(seed, 'invite', new Uint8Array(0)),
    [`${name} fragment`]: link.slice(link.indexOf('#') + 1),
  }
}

/** Comes to the meeting point like a member and says what no member says: noise, cut and changed frames of others. */
async function attack(frames: readonly Uint8Array[]): Promise<Transport> {
  const random = seededRandom(7)
  const transport = world.network.transport('mallory')
  transport.setTopics([...new Map(topics.map((topic) => [topic.name, topic])).values()])
  const onChannel = (channel: Channel): void => {
    for (let lane = 0; lane < 5; lane++) channel.send(Uint8Array.of(lane | 0x80, ...random.bytes(40)))
    for (const frame of frames) {
      const changed = frame.slice()
      const at = random.bytes(1)[0]! % changed.length
      changed[at] = changed[at]! ^ 0x10
      channel.send(frame)
      channel.send(changed)
      channel.send(frame.subarray(0, Math.max(1, frame.length >> 1)))
    }
  }
  await transport.start({ clock: systemClock, random, logger: silentLogger(), onChannel })
  return transport
}

test('a conversation with all its failures tells nobody anything', async () => {
  const stores = { alice: createMemoryStore(), bob: createMemoryStore() }
  const alice = await peer('alice', stores.alice)
  await alice.setProfile({ name: SAID.name, avatar: SAID.avatar })
  const hers = await alice.createGroup({ title: SAID.title, avatar: SAID.avatar, metadata: { occasion: SAID['conversation metadata'] } })
  const link = await hers.invite()
  const bob = await peer('bob', stores.bob)
  const his = await bob.join(link)
  await his.admitted()

  // Listeners of the application that fail over what they hear, at once and later.
  his.on('message', (message) => void JSON.parse(message.text))
  // oxlint-disable-next-line typescript/no-misused-promises -- applications do it
  his.on('message', failsLater)
  hers.on('message', (message) => {
    throw new Error(message.text)
  })
  const message = await hers.sendMessage({ text: SAID.text, metadata: { place: SAID['metadata value'] } })
  await until(async () => (await his.getMessages()).totalMessages === 1)
  await hers.updateMessage(message.id, { text: SAID['edited text'] })
  await until(async () => (await his.getMessage(message.id))?.text === SAID['edited text'])
  hers.startTyping()
  await his.seen(message.id)

  // Calls that are refused.
  const wrong = SAID.text as never
  await failing(() => his.updateMessage(message.id, { text: SAID.text }))
  await failing(() => his.deleteMessage(message.id))
  await failing(() => hers.sendMessage({ text: SAID.text.repeat(100_000) }))
  await failing(() => hers.sendMessage({ text: '', metadata: { place: [SAID['metadata value']] as never } }))
  await failing(() => hers.sendMessage({ text: SAID.text, metadata: { place: SAID['metadata value'].repeat(10_000) } }))
  await failing(() => hers.sendMessage({ text: SAID.text, replyTo: wrong }))
  await failing(() => hers.updateMessage(wrong, { text: SAID.text }))
  await failing(() => hers.getMessages(wrong))
  await failing(() => hers.setMetadata({ occasion: { text: SAID['conversation metadata'] } as never }))
  await failing(() => hers.setTitle(SAID.title.repeat(100)))
  await failing(() => alice.setProfile({ name: SAID.name.repeat(100) }))
  await failing(() => alice.connect(SAID.text))
  for (const bad of [link.slice(0, -5), `${link}A`, link.replace('#', '#A'), SAID.text]) await failing(() => bob.join(bad))

  // Invites that are used up, and a joiner who is refused.
  const carol = await peer('carol')
  const late = await carol.join(link)
  await failing(() => late.admitted())

  // Disks that are full, at the sender and at the receiver.
  stores.alice.failNextWrites(1)
  await failing(() => hers.sendMessage({ text: SAID.text }))
  stores.bob.failNextWrites(3)
  await hers.sendMessage({ text: SAID.text })
  await until(async () => (await his.getMessages()).totalMessages === 2)

  // A stranger at the meeting point.
  const mallory = await attack([Uint8Array.of(0x80, 1, 2, 3), new TextEncoder().encode(SAID.text), formsBytes(link)])
  await until(() => Object.keys(alice.inspect().rejected).length > 0 && Object.keys(bob.inspect().rejected).length > 0)
  await mallory.stop()

  const secrets = {
    ...SAID,
    ...secretsOfLink('invite', link),
    ...(await secretsOf('alice', alice, stores.alice, hers)),
    ...(await secretsOf('bob', bob, stores.bob, his)),
    ...Object.fromEntries(topics.map(({ secret }, index) => [`topic ${index}`, secret])),
  }
  for (const one of [alice, bob, carol]) said.push(allOf(one.inspect()), JSON.stringify(one))
  await Promise.all([alice.close(), bob.close()])
  await failing(() => hers.sendMessage({ text: SAID.text }))
  await failing(() => alice.createGroup({ title: SAID.title }))

  expect(Object.keys(secrets).length).toBeGreaterThan(25)
  const text = said.join('\n')
  // The failures were heard of at all.
  for (const event of ['listener failed', 'listener of message', 'rejected', 'failure', 'StorageFull', 'InviteUsedUp', 'NotAuthor'])
    expect(text).toContain(event)
  expect(secretsIn(text, secrets)).toEqual([])
})

test('a profile that cannot be opened is refused without quoting what is left of it', async () => {
  const disk = createMemoryDisk()
  const first = createMemoryStore({ disk })
  const alice = await peer('alice', first)
  const keys = await first.get(deviceKeysKey())
  const [signSecret, agreeSecret] = decodeCbor(keys!) as [Uint8Array, Uint8Array]
  await alice.close()
  for (const damaged of [keys!.subarray(1), keys!.subarray(0, 40), Uint8Array.of(...keys!, 0)]) {
    const store = createMemoryStore({ disk })
    await store.write([{ type: 'put', key: deviceKeysKey(), value: damaged }])
    await failing(() => world.peer('alice-again', { store, logger: listening }))
    await store.close()
  }
  expect(secretsIn(said.join('\n'), { signSecret, agreeSecret })).toEqual([])
})

describe('the search finds what it looks for', () => {
  const random = seededRandom(3)
  const secret = createEpochSecret((length) => random.bytes(length)).msg

  test.each(formsOf(secret))('as %s', (form) => {
    expect(secretsIn(allOf({ deep: [new Error(`x ${form} y`)] }), { secret })).toEqual(['secret'])
  })

  test('in bytes, names, causes and maps, and not elsewhere', () => {
    const text = 'old mill, tonight'
    const bytes = Uint8Array.of(9, ...secret)
    for (const place of [{ bytes }, new Error('x', { cause: { bytes } }), new Map([['bytes', bytes]]), [[bytes.buffer, bytes]]]) {
      expect(secretsIn(allOf(place), { secret, text })).toEqual(['secret'])
    }
    expect(secretsIn(allOf({ [text]: 1 }), { secret, text })).toEqual(['text'])
    expect(secretsIn(allOf({ bytes: new TextEncoder().encode(`> ${text} <`) }), { secret, text })).toEqual(['text'])
    expect(secretsIn(allOf({ bytes: random.bytes(2000), text: 'old mill' }), { secret, text })).toEqual([])
  })
})

/** A frame that holds an invite link, as a confused peer might send it. */
function formsBytes(link: string): Uint8Array {
  return Uint8Array.of(0x80, ...new TextEncoder().encode(link))
}
