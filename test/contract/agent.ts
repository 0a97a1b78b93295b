/** Stands beside a peer, in its process or its page, and does by name what a test asks of it. */
import type { Conversation, ConversationEvents, Parley } from '@parley/core'
import type { Answer, Command, FileMark, FunctionMark, HeardEvent, MemberCall, Shape, SignalMark } from './commands.ts'

const EVENTS = [
  'message',
  'messageUpdated',
  'messageDeleted',
  'typing',
  'typingStopped',
  'seen',
  'memberStatus',
  'memberAdded',
  'memberRemoved',
  'metadataUpdated',
  'messageState',
  'reaction',
  'syncState',
] as const satisfies readonly (keyof ConversationEvents)[]

interface EventRecord {
  readonly events: HeardEvent[]
  /** Those who wait for the next one. */
  readonly waiting: Set<() => void>
}

export class Agent {
  readonly #parley: Parley
  readonly #widen: () => void
  readonly #records = new Map<string, EventRecord>()
  readonly #signals = new Map<number, AbortController>()
  readonly #errors: string[] = []

  constructor(parley: Parley, { widen = (): void => undefined }: { widen?: () => void } = {}) {
    this.#parley = parley
    this.#widen = widen
    parley.on('error', (error) => void this.#errors.push(error.message))
    // Of a conversation that is new, everything is heard.
    parley.on('conversations', () => {
      for (const conversation of parley.conversations) this.#record(conversation.getId())
    })
  }

  /** Never rejects: what a call throws is its answer. */
  async run(command: Command): Promise<Answer> {
    const calls: Answer['calls'][number][] = []
    try {
      return { value: await this.#do(command, calls), calls }
    } catch (error) {
      const { name, message, code, retryable } = error as Error & { code?: unknown; retryable?: unknown }
      return { error: { name, message, code, retryable }, calls }
    }
  }

  async #do(command: Command, calls: Answer['calls'][number][]): Promise<unknown> {
    switch (command.do) {
      case 'call':
        return plain(await readable(await this.#call(command, calls)))
      case 'shape':
        return shapeOf(await this.#call(command, calls))
      case 'abort':
        return this.#signals.get(command.signal)!.abort()
      case 'listen':
        return this.#record(command.conversation).events.length
      case 'events': {
        const record = this.#record(command.conversation)
        while (record.events.length <= command.from) await new Promise<void>((resolve) => record.waiting.add(resolve))
        return record.events.slice(command.from)
      }
      case 'misbehave':
        return this.#misbehave(this.#conversation(command.conversation))
      case 'errors':
        return this.#errors
      case 'widen':
        return this.#widen()
    }
  }

  async #call({ on, member, args }: MemberCall, calls: Answer['calls'][number][]): Promise<unknown> {
    const subject = await this.#subject(on)
    const value = subject[member]
    if (typeof value !== 'function') return value
    const given = args.map((argument) => this.#unpack(argument, calls))
    return (value as (...args: unknown[]) => unknown).apply(subject, given)
  }

  async #subject(on: string): Promise<{ [member: string]: unknown }> {
    if (on === 'parley') return this.#parley as unknown as { [member: string]: unknown }
    const [id = '', attachment] = on.split('/')
    const conversation = this.#conversation(id)
    if (attachment === undefined) return conversation as unknown as { [member: string]: unknown }
    const message = await conversation.getMessage(attachment.split('.')[0] as never)
    return message?.attachments.find((one) => one.id === attachment) as unknown as { [member: string]: unknown }
  }

  #conversation(id: string): Conversation {
    const found = this.#parley.conversations.find((one) => one.getId() === id)
    if (found === undefined) throw new Error(`this peer has no conversation ${id}`)
    return found
  }

  #unpack(value: unknown, calls: Answer['calls'][number][]): unknown {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    if (Array.isArray(value)) return value.map((item) => this.#unpack(item, calls))
    const { $function: number } = value as Partial<FunctionMark>
    if (number === 'throws') return () => thrown()
    if (number !== undefined) return (...args: unknown[]) => void calls.push({ number, args: args.map(plain) })
    const { $signal: signal, isAborted } = value as Partial<SignalMark>
    if (signal !== undefined) return this.#signal(signal, isAborted === true)
    const { $file: bytes, name, type } = value as Partial<FileMark>
    if (bytes !== undefined) return new File([bytes as Uint8Array<ArrayBuffer>], name!, { type: type! })
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#unpack(item, calls)]))
  }

  #signal(number: number, isAborted: boolean): AbortSignal {
    const controller = this.#signals.get(number) ?? new AbortController()
    this.#signals.set(number, controller)
    if (isAborted) controller.abort()
    return controller.signal
  }

  #record(id: string): EventRecord {
    let record = this.#records.get(id)
    if (record !== undefined) return record
    const made: EventRecord = (record = { events: [], waiting: new Set() })
    this.#records.set(id, record)
    const conversation = this.#conversation(id)
    const note = (event: HeardEvent): void => {
      made.events.push(event)
      for (const wake of made.waiting) wake()
      made.waiting.clear()
    }
    for (const name of EVENTS) {
      conversation.on(name, (...args: unknown[]) => {
        if (name === 'message') void noteReadable(conversation, args, note)
        else note({ name, args: args.map(plain) })
      })
    }
    return record
  }

  #misbehave(conversation: Conversation): void {
    conversation.on('message', () => thrown())
    conversation.on('message', () => Promise.reject(new Error('rejected')) as unknown as void)
    const off = conversation.on('message', () => void this.#errors.push('a listener that was taken away heard something'))
    off()
    off()
  }
}

/** A message event is noted once it is known whether `getMessages` has it; a peer that was closed in the same moment has nothing. */
async function noteReadable(conversation: Conversation, args: unknown[], note: (event: HeardEvent) => void): Promise<void> {
  const [message] = args as Parameters<ConversationEvents['message']>
  const isReadable = await conversation.getMessages().then(
    ({ messages }) => messages.some(({ id }) => id === message.id),
    () => false,
  )
  note({ name: 'message', args: [plain(message)], isReadable })
}

function thrown(): never {
  throw new Error('thrown')
}

/** Streams and blobs as their bytes, a `blob:` URL as what it leads to. */
async function readable(value: unknown): Promise<unknown> {
  if (value instanceof ReadableStream) return { bytes: await bytesOf(await piecesOf(value as ReadableStream<Uint8Array<ArrayBuffer>>)) }
  if (value instanceof Blob) return { type: value.type, bytes: await bytesOf(value) }
  if (typeof value !== 'string' || !value.startsWith('blob:')) return value
  const found = await fetch(value)
  URL.revokeObjectURL(value)
  return { type: found.headers.get('content-type'), bytes: await bytesOf(found) }
}

/** A `Response` would put an error of its own in place of the one of the stream. */
async function piecesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(pieces)
    pieces.push(value)
  }
}

async function bytesOf(body: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<Uint8Array> {
  return new Uint8Array(await body.arrayBuffer())
}

/** As it can travel: conversations as their ids, objects without what they can do. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plain)
  if (typeof (value as Partial<Conversation>).getId === 'function') return (value as Conversation).getId()
  if (value instanceof Error) return { name: value.name, message: value.message }
  const data = Object.entries(value).filter(([, item]) => typeof item !== 'function')
  return Object.fromEntries(data.map(([key, item]) => [key, plain(item)]))
}

function shapeOf(value: unknown): Shape {
  if (typeof value !== 'object' || value === null) throw new Error('this is no object')
  const prototype: unknown = Object.getPrototypeOf(value)
  return { isFrozen: isFrozen(value), isPlain: prototype === Object.prototype || prototype === Array.prototype, keys: Object.keys(value) }
}

function isFrozen(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
}
