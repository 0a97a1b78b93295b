/** What crosses from tab to tab, and what a plain engine behind the bridge sees of it. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { ParleyError, type Parley } from '../src/index.browser.ts'
import { openInTabs, tabStatus } from '../src/tabs/index.ts'
import { fromPlain, same, toPlain, type Finding } from '../src/tabs/values.ts'

const NOTHING: Finding = { conversation: () => undefined }
const across = (value: unknown, finding = NOTHING): unknown => fromPlain(structuredClone(toPlain(value)), finding)

test('values of the API cross as they are, and arrive frozen', () => {
  const value = {
    text: 'a',
    n: 1,
    u: undefined,
    list: [{ id: 'x' }, null, true],
    bytes: new Uint8Array([1, 2]),
    nested: { metadata: { $parley: 'mine' } },
  }
  const arrived = across(value)
  expect(arrived).toEqual(value)
  expect(Object.isFrozen(arrived) && Object.isFrozen((arrived as typeof value).list[0])).toBe(true)
  const blob = new Blob(['file'], { type: 'text/plain' })
  expect(across({ blob })).toEqual({ blob: expect.any(Blob) as Blob })
})

test('metadata that looks like a marked object stays metadata', () => {
  for (const hostile of [{ $parley: { kind: 'conversation', id: 'x' } }, { $parley: { kind: 'plain', value: {} } }, { $parley: null }])
    expect(across(hostile)).toEqual(hostile)
})

test('what no tab can be told is refused, not cut short', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  for (const value of [() => 1, { f: () => 1 }, Symbol('s'), cycle])
    expect(() => toPlain(value)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  for (const garbage of [null, 7, {}, { kind: 'x' }, { kind: 'callback' }, { kind: 'signal' }, { kind: 'conversation', id: 'x' }])
    expect(() => fromPlain({ $parley: garbage }, NOTHING)).toThrow()
})

test('equal is by content', () => {
  expect(same({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true)
  for (const other of [{ a: [1] }, { a: [1, { b: 3 }] }, { a: [1, { b: 2 }], c: undefined }, [1], null])
    expect(same({ a: [1, { b: 2 }] }, other)).toBe(false)
})

test('the bytes of an attachment are fetched through the host, with progress and abort', async () => {
  const scope = crypto.randomUUID()
  const open = (): Promise<Parley> => Promise.resolve(engineWithFile())
  const host = await openInTabs({ scope, logger, open })
  onTestFinished(() => host.close())
  const guest = await openInTabs({ scope, logger, open })
  onTestFinished(() => guest.close())
  const message = (await guest.conversations[0]!.getMessages()).messages[0] as unknown as { attachments: [File & Attachment] }
  const [file] = message.attachments
  expect(file).toMatchObject({ id: 'f', messageId: 'm', name: 'a.txt', size: 5 })
  const progress: number[][] = []
  const blob = await file.blob({ onProgress: (...args) => void progress.push(args) })
  expect(await blob.text()).toBe('bytes')
  expect(progress).toEqual([[5, 5]])
  expect(await new Response(file.stream()).text()).toBe('bytes')
  const url = await file.url()
  expect(await (await fetch(url)).text()).toBe('bytes')
  const abort = new AbortController()
  const waiting = file.blob({ signal: abort.signal, onProgress: () => abort.abort() })
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  await vi.waitFor(() => expect(wasAborted).toBe(true))
})

test('a guest that cannot open the engine says so, is closed, and leaves it to the next', async () => {
  const scope = crypto.randomUUID()
  const works = (): Promise<Parley> => Promise.resolve(engineWithFile())
  const fails = (): Promise<Parley> => Promise.reject(new ParleyError('StorageFull', 'no room'))
  const host = await openInTabs({ scope, logger, open: works })
  const second = await openInTabs({ scope, logger, open: fails })
  const third = await openInTabs({ scope, logger, open: works })
  onTestFinished(() => third.close())
  const errors: Error[] = []
  second.on('error', (error) => void errors.push(error))
  await host.close()
  await vi.waitFor(() => expect(tabStatus(third)).toMatchObject({ role: 'host' }))
  expect(errors).toEqual([expect.objectContaining({ code: 'StorageFull', retryable: true })])
  await expect(second.conversations[0]!.getMessages()).rejects.toMatchObject({ code: 'StorageFull' })
  expect((await third.conversations[0]!.getMessages()).totalMessages).toBe(1)
  await second.close()
})

test('a first tab that cannot open the engine leaves the profile free', async () => {
  const scope = crypto.randomUUID()
  const fails = (): Promise<Parley> => Promise.reject(new ParleyError('StorageUnavailable', 'no storage'))
  await expect(openInTabs({ scope, logger, open: fails })).rejects.toMatchObject({ code: 'StorageUnavailable' })
  const host = await openInTabs({ scope, logger, open: () => Promise.resolve(engineWithFile()) })
  expect(tabStatus(host)).toEqual({ role: 'host', guests: 0, garbage: 0 })
  await host.close()
})

const logger = { debug: () => undefined, warn: () => undefined, error: () => undefined }

test('a live window is held by the host, and opened again where it was by the next', async () => {
  const scope = crypto.randomUUID()
  const windows: FakeWindow[] = []
  const open = (): Promise<Parley> => Promise.resolve(engineWithFile(windows))
  const host = await openInTabs({ scope, logger, open })
  const guest = await openInTabs({ scope, logger, open })
  onTestFinished(() => guest.close())
  const timeline = guest.conversations[0]!.timeline({ limit: 2 })
  let changes = 0
  timeline.subscribe(() => {
    changes++
    throw new Error('of a listener')
  })
  expect(timeline.getSnapshot()).toMatchObject({ messages: [], isLoading: true })
  await timeline.ready
  const before = timeline.getSnapshot()
  expect(before.messages.map(({ id }) => id)).toEqual(['m1', 'm2'])
  await timeline.loadBefore(1)
  await vi.waitFor(() => expect(timeline.getSnapshot().messages.map(({ id }) => id)).toEqual(['m0', 'm1', 'm2']))
  expect(timeline.getSnapshot().messages[2], 'a row that did not change is the same object').toBe(before.messages[1])
  expect(changes).toBeGreaterThanOrEqual(2)
  await expect(timeline.jump('nowhere' as never)).rejects.toMatchObject({ code: 'MessageNotFound' })
  await host.close()
  await vi.waitFor(() => expect(windows).toHaveLength(2))
  expect(windows[1]!.options).toEqual({ around: 'm1', limit: 3 })
  await timeline.loadAfter()
  expect(windows[1]!.asked).toEqual(['loadAfter'])
})

let wasAborted = false

/** As much of a window as the bridge needs: three messages, of which it opens with two. */
class FakeWindow {
  readonly options: unknown
  readonly asked: string[] = []
  readonly ready = Promise.resolve()
  #from = 1
  #listener: () => void = () => undefined

  constructor(options: unknown) {
    this.options = options
  }

  readonly getSnapshot = (): object => ({
    messages: ['m0', 'm1', 'm2'].slice(this.#from).map((id) => ({ id })),
    hasAfter: true,
    isLoading: false,
  })

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listener = listener
    return () => undefined
  }

  async loadBefore(): Promise<void> {
    this.#from = 0
    this.#listener()
  }

  async loadAfter(): Promise<void> {
    this.asked.push('loadAfter')
  }

  async jump(): Promise<void> {
    throw new ParleyError('MessageNotFound', 'there is no such message')
  }
}

interface Options {
  signal?: AbortSignal
  onProgress?: (received: number, total: number) => void
}

interface Attachment {
  blob(options?: Options): Promise<Blob>
  url(): Promise<string>
}

/** As much of an engine as a message with a file needs; files are not part of the real one yet. */
function engineWithFile(windows: FakeWindow[] = []): Parley {
  const blob = async ({ signal, onProgress }: Options = {}): Promise<Blob> => {
    onProgress?.(5, 5)
    if (signal !== undefined)
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          wasAborted = true
          reject(signal.reason as Error)
        })
      })
    return new Blob(['bytes'])
  }
  const file = { id: 'f', messageId: 'm', name: 'a.txt', size: 5, blob, url: () => 'blob:of-the-host', stream: () => undefined }
  const message = { id: 'm', attachments: [file] }
  const off = (): void => undefined
  const conversation = {
    ...{ on: () => off, doc: { on: off, off }, getId: () => 'c', getTitle: () => '', getAvatar: () => '', getMembers: () => [] },
    ...{ members: () => [], getMetadata: () => ({}), getLastMessage: () => message, getMessage: async () => message, sendMessage: off },
    timeline: (options: unknown) => {
      const window = new FakeWindow(options)
      windows.push(window)
      return window
    },
    getMessages: async () => ({ messages: [message], page: 1, totalMessages: 1, totalPages: 1 }),
  }
  const engine = {
    on: () => off,
    conversations: [conversation],
    requests: [],
    contacts: [],
    conversation: () => conversation,
    inspect: () => ({ rejected: {} }),
    close: async () => undefined,
  }
  return engine as unknown as Parley
}
