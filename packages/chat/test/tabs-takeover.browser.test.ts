/** The tab with the engine goes, and another takes over: iframes stand for tabs and are torn out, which the browser treats like a crash. */
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createParley, type Conversation, type Message, type Parley, type ParleyInit } from '../src/index.browser.ts'
import { allMessages, onlyConversation, openTab, PATIENCE, textsOf, type OpenTab } from './support/open-tab.ts'

let alice: ParleyInit
let bob: ParleyInit

beforeEach(() => {
  const run = crypto.randomUUID()
  alice = { profile: `alice-${run}`, name: 'alice', offline: true }
  bob = { profile: `bob-${run}`, name: 'bob' }
})

async function start(init: ParleyInit): Promise<Parley> {
  const parley = await createParley(init)
  onTestFinished(() => parley.close())
  return parley
}

test('when the host closes, a guest takes over with its conversations, listeners and document', async () => {
  const first = await openTab(alice)
  await first.parley.createGroup({ title: 'Picnic' })
  const [second, third] = [await openTab(alice), await openTab(alice)]
  const [atSecond, atThird] = [onlyConversation(second.parley), onlyConversation(third.parley)]
  await atSecond.sendMessage({ text: 'before' })
  const { doc } = atThird
  await vi.waitFor(() => expect(doc.getArray('messages').length).toBe(1), PATIENCE)
  await first.parley.close()
  await atThird.sendMessage({ text: 'after' })
  expect([second.status()?.role, third.status()?.role]).toEqual(['host', 'guest'])
  expect(onlyConversation(second.parley)).toBe(atSecond)
  expect(await textsOf(atSecond)).toEqual(['before', 'after'])
  await vi.waitFor(
    () => expect((doc.getArray('messages').toJSON() as Message[]).map(({ text }) => text)).toEqual(['before', 'after']),
    PATIENCE,
  )
  // The new host ends its hosting with its client; the third tab is left.
  await second.parley.close()
  await atThird.sendMessage({ text: 'alone' })
  expect(third.status()).toMatchObject({ role: 'host', guests: 1 })
})

test('calls under way when the host dies are answered by the next one, once', async () => {
  const first = await openTab(alice)
  await first.parley.createGroup({ title: 'Picnic' })
  // The queue for the lock is in this order: the last tab sees four hosts die.
  const hosts = [first, await openTab(alice), await openTab(alice), await openTab(alice)]
  const survivor = await openTab(alice)
  const group = onlyConversation(survivor.parley)
  const texts: string[] = []
  for (const [round, host] of hosts.entries()) {
    await vi.waitFor(() => expect(host.status()?.role).toBe('host'), PATIENCE)
    const handed: string[] = []
    const send = (text: string): Promise<Message> => {
      texts.push(text)
      return group.sendMessage({ text }, (message) => void handed.push(message.text))
    }
    const first = send(`${round}-first`)
    const sends = [first, ...Array.from({ length: 40 }, (_, i) => send(`${round}-${i}`))]
    // Some are written, some are not, and of some nobody knows.
    if (round % 2 === 0) await first
    host.kill()
    const made = survivor.parley.createGroup({ title: `Group ${round}` })
    const messages = await Promise.all(sends)
    expect(new Set(messages.map(({ id }) => id)).size).toBe(sends.length)
    expect([...handed].sort()).toEqual(texts.slice(-sends.length).sort())
    await made
  }
  expect(survivor.status()?.role).toBe('host')
  expect([...(await textsOf(group))].sort()).toEqual([...texts].sort())
  const titles = survivor.parley.conversations.map((conversation) => conversation.getTitle())
  expect([...titles].sort()).toEqual(['Group 0', 'Group 1', 'Group 2', 'Group 3', 'Picnic'])
})

test('a token gives the message that was sent, also to a client that comes later', async () => {
  const first = await openTab(alice)
  const group = await first.parley.createGroup()
  const [one, same] = await Promise.all([group.sendMessage({ text: 'once', token: 't' }), group.sendMessage({ text: 'once', token: 't' })])
  expect(same.id).toBe(one.id)
  first.kill()
  const again = await openTab(alice)
  const at = onlyConversation(again.parley)
  expect((await at.sendMessage({ text: 'once', token: 't' })).id).toBe(one.id)
  expect((await at.sendMessage({ text: 'another', token: 'u' })).id).not.toBe(one.id)
  expect(await textsOf(at)).toEqual(['once', 'another'])
})

test('a call that was aborted while nobody hosts is told so', async () => {
  const scope = `parley-profile:${alice.profile}`
  const host = await openTab(alice)
  await host.parley.createGroup()
  const { parley } = await openTab(alice)
  const group = onlyConversation(parley)
  // The store of the profile stays taken, so that nobody can take over yet.
  const held = Promise.withResolvers<void>()
  void navigator.locks.request(`parley-store:parley:${alice.profile}`, () => held.promise)
  host.kill()
  await vi.waitFor(async () => expect((await navigator.locks.query()).held?.some(({ name }) => name === scope)).toBe(true), PATIENCE)
  const abort = new AbortController()
  const waiting = parley.connect('nowhere', { signal: abort.signal })
  const sending = group.sendMessage({ text: 'patient' })
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'Aborted' })
  held.resolve()
  await sending
  expect(await textsOf(group)).toEqual(['patient'])
})

test('ten hosts die while both people write: nothing is lost or doubled', { timeout: 120_000 }, async ({ annotate }) => {
  const init = { ...alice, offline: false }
  let tabs: OpenTab[] = [await openTab(init)]
  const link = await (await tabs[0]!.parley.createGroup({ title: 'Stream' })).invite()
  const other = await start(bob)
  const atBob = await other.join(link)
  await atBob.admitted()
  const { deviceId } = tabs[0]!.parley.me
  tabs.push(await openTab(init), await openTab(init))

  const heardAtBob: string[] = []
  atBob.on('message', ({ text }) => void heardAtBob.push(text))
  const stream = new Stream(atBob, 'bob')
  const writers = tabs.map(({ parley }, i) => new Stream(onlyConversation(parley), `tab ${i}`))
  const heard = new Map(tabs.map((tab) => [tab, listen(onlyConversation(tab.parley))]))
  const takeOvers: number[] = []
  let lost = 0

  for (let kill = 0; kill < 10; kill++) {
    const host = tabs.find(({ status }) => status()?.role === 'host')!
    const survivors = tabs.filter((tab) => tab !== host)
    writers[tabs.indexOf(host)]!.abandon()
    const at = performance.now()
    host.kill()
    await Promise.race(survivors.map(({ parley }) => onlyConversation(parley).getMessages()))
    takeOvers.push(Math.round(performance.now() - at))
    lost += writers.splice(tabs.indexOf(host), 1)[0]!.sent
    tabs = survivors
    // The rest of the profile finds the other person again before the next host dies.
    await vi.waitFor(() => expect(survivors[0]!.parley.inspect().links.map(({ user }) => user)).toContain(other.me.id), PATIENCE)
    await Promise.all([...writers, stream].map((writer) => writer.goOn()))
    expect(survivors.map(({ parley }) => parley.inspect().deviceId)).toEqual([deviceId, deviceId])
    const tab = await openTab(init)
    tabs.push(tab)
    writers.push(new Stream(onlyConversation(tab.parley), `tab ${kill + 3}`))
    heard.set(tab, listen(onlyConversation(tab.parley)))
  }
  await annotate(`take-over, kill to first answer: ${takeOvers.join(', ')} ms`)

  const sentByAlice = (await Promise.all(writers.map((writer) => writer.finish()))).flat()
  const sentByBob = await stream.finish()
  const group = onlyConversation(tabs[0]!.parley)
  await vi.waitFor(async () => expect(await textsOf(atBob)).toEqual(await textsOf(group)), PATIENCE)
  const texts = await textsOf(group)
  expect(new Set(texts).size).toBe(texts.length)
  expect([...sentByAlice, ...sentByBob].filter((text) => !texts.includes(text))).toEqual([])
  expect(new Set(heardAtBob).size).toBe(heardAtBob.length)
  expect(texts.filter((text) => !text.startsWith('bob') && !heardAtBob.includes(text))).toEqual([])
  // Every tab was told of each message of the other person once; those that lived to the end, of all since they began to listen.
  for (const [tab, told] of heard) {
    expect(new Set(told.texts).size).toBe(told.texts.length)
    if (!tabs.includes(tab)) continue
    const from = Math.min(...told.texts.map((text) => sentByBob.indexOf(text)))
    await vi.waitFor(() => expect([...told.texts].sort()).toEqual(sentByBob.slice(from).sort()), PATIENCE)
  }
  expect(new Set((await allMessages(atBob)).filter(({ author }) => author.id !== other.me.id).map(({ id }) => id.slice(0, 20))).size).toBe(
    1,
  )
  expect(other.inspect().links).toHaveLength(1)
  await annotate(`${sentByAlice.length} messages of surviving tabs, ${lost} of killed ones, ${sentByBob.length} of the other person`)
})

/** Writes one message after the other, until told to stop. */
class Stream {
  readonly #sent: string[] = []
  readonly #done: Promise<void>
  #isOn = true
  #onSent: () => void = () => undefined

  constructor(conversation: Conversation, name: string) {
    this.#done = this.#run(conversation, name)
  }

  async #run(conversation: Conversation, name: string): Promise<void> {
    let next = 0
    while (this.#isOn) {
      const { text } = await conversation.sendMessage({ text: `${name} ${next++}` })
      this.#sent.push(text)
      this.#onSent()
    }
  }

  /** Resolves once it has sent some more. */
  async goOn(): Promise<void> {
    const until = this.#sent.length + 5
    while (this.#sent.length < until) await new Promise<void>((resolve) => (this.#onSent = resolve))
  }

  /** Its tab dies: what it waits for never comes. */
  abandon(): void {
    this.#isOn = false
    this.#done.catch(() => undefined)
  }

  get sent(): number {
    return this.#sent.length
  }

  /** What was sent. */
  async finish(): Promise<string[]> {
    this.#isOn = false
    await this.#done
    return this.#sent
  }
}

function listen(conversation: Conversation): { texts: string[] } {
  const texts: string[] = []
  conversation.on('message', ({ text }) => void texts.push(text))
  return { texts }
}
