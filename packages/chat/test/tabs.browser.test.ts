/** Several tabs, one engine: iframes stand for tabs, with real Web Locks, BroadcastChannel and IndexedDB. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createParley, deleteProfile, type Parley, type ParleyInit } from '../src/index.browser.ts'
import { onlyConversation, openTab, PATIENCE, textsOf } from './support/open-tab.ts'

/** Fresh names, so that no test meets what another left. */
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

describe('a guest', () => {
  test('reads what the host reads', async () => {
    const host = await start(alice)
    const group = await host.createGroup({ title: 'Picnic', metadata: { place: 'lake', seats: 4 } })
    await group.sendMessage({ text: 'one', metadata: { n: 1 } })
    const { parley, status } = await openTab(alice)
    expect(status()).toMatchObject({ role: 'guest' })
    expect(parley.me).toEqual(host.me)
    const mirrored = onlyConversation(parley)
    expect(parley.conversation(group.getId())).toBe(mirrored)
    expect(mirrored.getId()).toBe(group.getId())
    expect(mirrored.getTitle()).toBe('Picnic')
    expect(mirrored.getMetadata()).toEqual({ place: 'lake', seats: 4 })
    expect(mirrored.getMembers()).toEqual([host.me.id])
    expect(mirrored.members()).toEqual(group.members())
    expect([mirrored.state, mirrored.unread, mirrored.syncState]).toEqual([group.state, group.unread, group.syncState])
    expect(mirrored.getLastMessage()).toEqual(group.getLastMessage())
    expect(await mirrored.getMessages()).toEqual(await group.getMessages())
    expect(await mirrored.search('on')).toMatchObject({
      total: 1,
      results: [{ message: { text: 'one' }, highlights: [{ start: 0, end: 3 }] }],
    })
    expect(await parley.search('one')).toEqual(await host.search('one'))
    expect((await parley.storageEstimate()).store.quotaBytes).toBeGreaterThan(0)
    expect(typeof (await parley.persist())).toBe('boolean')
    const archive = await new Response(mirrored.exportConversation()).text()
    expect(archive).toBe(await new Response(group.exportConversation()).text())
    expect(await parley.importConversation(new Blob([archive]))).toBe(mirrored)
    await expect(parley.importConversation(new Blob(['nothing\n']))).rejects.toMatchObject({ code: 'ArchiveInvalid' })
    expect(parley.inspect()).toEqual(host.inspect())
  })

  test('writes, and both find it when its call resolves', async () => {
    const host = await start(alice)
    const { parley } = await openTab(alice)
    const group = await parley.createGroup({ title: 'From the guest' })
    expect(onlyConversation(parley)).toBe(group)
    const atHost = onlyConversation(host)
    const handed: string[] = []
    const sent = await group.sendMessage({ text: 'hello' }, (message) => void handed.push(message.text))
    expect(handed).toEqual(['hello'])
    expect(group.getLastMessage()).toEqual(sent)
    expect(atHost.getLastMessage()).toEqual(sent)
    const edited = await group.updateMessage(sent.id, { text: 'hello, all' })
    expect(edited).toMatchObject({ id: sent.id, text: 'hello, all' })
    expect(await group.setMetadata({ place: 'lake' })).toEqual({ place: 'lake' })
    expect(group.getMetadata()).toEqual({ place: 'lake' })
    await group.setTitle('Another title')
    expect(group.getTitle()).toBe('Another title')
    await parley.setProfile({ name: 'alice the second' })
    expect(parley.me.name).toBe('alice the second')
    await group.deleteMessage(sent.id)
    expect((await atHost.getMessages()).totalMessages).toBe(0)
    expect(await group.invite({ base: 'https://example.org/' })).toMatch(/^https:\/\/example\.org\/#/)
  })

  test('gets errors with their codes, aborts what it waits for, and its callbacks are isolated', async () => {
    await start(alice)
    const { parley } = await openTab(alice)
    const group = await parley.createGroup()
    await expect(group.getMessages(2)).rejects.toMatchObject({ name: 'ParleyError', code: 'PageOutOfRange', retryable: false })
    await expect(group.sendMessage({ metadata: { nested: {} } } as never)).rejects.toMatchObject({ code: 'InvalidMetadata' })
    await expect(group.sendMessage({ text: 'x', metadata: { f: () => 1 } } as never)).rejects.toMatchObject({
      code: expect.any(String) as string,
    })
    const errors: Error[] = []
    parley.on('error', (error) => void errors.push(error))
    await group.sendMessage({ text: 'whoops' }, () => {
      throw new Error('of the application')
    })
    expect(errors.map(String)).toEqual([expect.stringContaining('of the application')])

    // Nobody will ever let this profile in.
    const stranger = await start({ ...bob, offline: true })
    const link = await (await stranger.createGroup()).invite()
    const joined = await parley.join(link)
    expect(joined.state).toBe('joining')
    const abort = new AbortController()
    const waiting = joined.admitted({ signal: abort.signal })
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' })
    await expect(joined.admitted({ signal: abort.signal })).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('shows the view document and who is there', async () => {
    const host = await start(alice)
    const group = await host.createGroup({ title: 'View' })
    const { parley } = await openTab(alice)
    const { doc } = onlyConversation(parley)
    for (const text of ['one', 'two']) await group.sendMessage({ text })
    await vi.waitFor(() => expect(doc.getArray('messages').length).toBe(2), PATIENCE)
    expect(doc.getArray('messages').toJSON()).toEqual(group.doc.getArray('messages').toJSON())
    expect(doc.getArray('members').toJSON()).toEqual(group.doc.getArray('members').toJSON())
    await group.setMetadata({ place: 'lake' })
    await vi.waitFor(() => expect(doc.getMap('metadata').toJSON()).toEqual({ place: 'lake' }), PATIENCE)
  })

  test('that is closed leaves the host alone', async () => {
    const host = await start(alice)
    const { parley } = await openTab(alice)
    const group = await parley.createGroup()
    await parley.close()
    await expect(group.sendMessage({ text: 'too late' })).rejects.toMatchObject({ code: 'Closed' })
    expect(() => group.startTyping()).toThrow(expect.objectContaining({ code: 'Closed' }))
    await onlyConversation(host).sendMessage({ text: 'still here' })
    const again = await openTab(alice)
    expect(await textsOf(onlyConversation(again.parley))).toEqual(['still here'])
  })
})

describe('two people', () => {
  beforeEach(() => {
    alice = { ...alice, offline: false }
  })

  test('events reach the guest: messages, typing, edits, members', async () => {
    const host = await start(alice)
    const { parley } = await openTab(alice)
    const group = await parley.createGroup({ title: 'Together' })
    const events: unknown[][] = []
    for (const name of ['message', 'messageUpdated', 'messageDeleted', 'typing', 'typingStopped', 'memberAdded'] as const)
      group.on(name, (...args: unknown[]) => void events.push([name, ...args]))
    group.on('message', () => {
      throw new Error('of a listener')
    })
    const link = await group.invite()
    const other = await start(bob)
    const atBob = await other.join(link)
    await atBob.admitted()
    atBob.startTyping()
    await vi.waitFor(() => expect(events.map(([name]) => name)).toContain('typing'), PATIENCE)
    const sent = await atBob.sendMessage({ text: 'hello' })
    await atBob.updateMessage(sent.id, { text: 'hello there' })
    await atBob.deleteMessage(sent.id)
    await vi.waitFor(() => expect(events.map(([name]) => name)).toContain('messageDeleted'), PATIENCE)
    expect(events.filter(([name]) => name === 'message')).toHaveLength(1)
    expect(events).toContainEqual(['messageDeleted', sent.id])
    expect(events).toContainEqual(['memberAdded', other.me.id])
    await vi.waitFor(() => expect(group.members().map(({ status }) => status)).toContain('ONLINE'), PATIENCE)
    // One identity on the network: the other person sees one device, over one link.
    expect(other.inspect().links.map(({ device }) => device)).toEqual([host.me.deviceId])
    await vi.waitFor(() => {
      expect([...group.awareness.getStates().values()]).toContainEqual(expect.objectContaining({ user: { id: other.me.id, name: 'bob' } }))
    }, PATIENCE)
  })
})

describe('a profile', () => {
  test('cannot be deleted while a tab has it', async () => {
    await start(alice)
    await openTab(alice)
    await expect(deleteProfile(alice.profile!)).rejects.toMatchObject({ code: 'ProfileLocked' })
  })

  test('whose tab speaks another version is refused', async () => {
    const scope = `parley-profile:${alice.profile}`
    const held = Promise.withResolvers<void>()
    void navigator.locks.request(scope, () => held.promise)
    onTestFinished(() => held.resolve())
    // A host of a later version of the application.
    const hall = new BroadcastChannel(scope)
    onTestFinished(() => hall.close())
    hall.onmessage = ({ data }: MessageEvent<{ guest: string }>) => {
      const channel = new BroadcastChannel(data.guest)
      channel.postMessage({ host: 'another', kind: 'refuse', reason: 'Reload this page.' })
      channel.close()
    }
    await expect(createParley(alice)).rejects.toMatchObject({ code: 'ProfileLocked', message: 'Reload this page.' })
  })

  test('is not disturbed by messages that mean nothing, which are counted', async () => {
    const host = await start(alice)
    const group = await host.createGroup({ title: 'Robust' })
    const { parley, status } = await openTab(alice)
    const scope = `parley-profile:${alice.profile}`
    const { held = [] } = await navigator.locks.query()
    const guest = held.map(({ name }) => name!).find((name) => name.startsWith(`${scope}:`))!
    const hall = new BroadcastChannel(scope)
    const pair = new BroadcastChannel(guest)
    onTestFinished(() => [hall, pair].forEach((channel) => channel.close()))
    const messages: unknown[] = [
      ...[
        null,
        'text',
        7,
        [],
        {},
        new Uint8Array(100),
        { kind: 'attach' },
        { kind: 'host', version: 1 },
        { kind: 'attach', version: 1, guest: 7 },
      ],
      ...[
        { kind: 'call', host: 'x' },
        { kind: 'answer', host: 'x', call: 'one' },
        { kind: '__proto__', host: 'x' },
        { host: 'x', kind: 'doc' },
      ],
      { kind: 'attach', version: 1, guest: 'another-channel' },
    ]
    for (const message of messages) for (const channel of [hall, pair]) channel.postMessage(message)
    const hostName = hostOf(pair, parley)
    // Well-formed, and asking for what is not there: from the right channel, to the right host.
    const call = { kind: 'call', host: await hostName, call: 1_000, subject: undefined, again: false, known: [], args: [] }
    for (const name of ['close', 'constructor', '__proto__', 'no such thing', 'me']) pair.postMessage({ ...call, name })
    pair.postMessage({ ...call, kind: 'listen', event: 'constructor' })
    await group.sendMessage({ text: 'unharmed' })
    await vi.waitFor(() => expect(host.inspect().rejected['TabMessage']).toBeGreaterThan(messages.length), PATIENCE)
    expect(status()!.garbage).toBeGreaterThanOrEqual(messages.length)
    expect(await textsOf(onlyConversation(parley))).toEqual(['unharmed'])
  })
})

/** Listens in on a guest's channel for the name of its host. */
async function hostOf(pair: BroadcastChannel, guest: Parley): Promise<string> {
  const named = Promise.withResolvers<string>()
  pair.addEventListener('message', ({ data }: MessageEvent<{ host?: string; kind?: string }>) => {
    if (data?.kind === 'call' && data.host !== undefined) named.resolve(data.host)
  })
  await onlyConversation(guest).getMessages()
  return named.promise
}
