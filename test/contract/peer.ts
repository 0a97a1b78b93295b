/** A peer as a test holds it: its members are called by their names, with their types, wherever it runs. */
import type { Attachment, Conversation, ConversationEvents, Parley } from '@parley/core'
import type { ConversationId } from '@parley/protocol'
import type { Answer, Command, FileMark, HeardEvent, MemberCall, Shape } from './commands.ts'

/** A conversation comes back as its id; everything else as the data that it is. */
type Travelled<T> = T extends Conversation ? ConversationId : T extends readonly Conversation[] ? readonly ConversationId[] : T

/** The members of an interface at a distance; a property is read by calling it. */
export type Remote<T> = {
  readonly [Key in keyof T]-?: T[Key] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Travelled<Awaited<Result>>>
    : () => Promise<Travelled<T[Key]>>
}

/** A callback that fails. */
export const throwing = (): never => {
  throw new Error('thrown')
}

/** What a refused call throws there is thrown here: an error with the name, message, code and `retryable` of the other. */
export class RemoteError extends Error {
  readonly code: unknown
  readonly retryable: unknown

  constructor({ name, message, code, retryable }: NonNullable<Answer['error']>) {
    super(message)
    this.name = name
    this.code = code
    this.retryable = retryable
  }
}

export type Run = (command: Command) => Promise<Answer>

export class Peer {
  readonly parley: Remote<Parley>
  readonly #run: Run
  readonly #signals = new Map<AbortSignal, number>()

  constructor(run: Run) {
    this.#run = run
    this.parley = this.#remote<Parley>('parley')
  }

  conversation(id: ConversationId): Remote<Conversation> {
    return this.#remote<Conversation>(id)
  }

  attachment(conversation: ConversationId, id: string): Remote<Attachment> {
    return this.#remote<Attachment>(`${conversation}/${id}`)
  }

  /** What kind of object a call on a conversation gives. */
  async shape(on: ConversationId, member: keyof Conversation, ...args: unknown[]): Promise<Shape> {
    return (await this.ask({ do: 'shape', on, member, args })) as Shape
  }

  /** Events of a conversation from now on. */
  async hear(conversation: ConversationId): Promise<Heard> {
    return new Heard(this, conversation, (await this.ask({ do: 'listen', conversation })) as number)
  }

  /** Events of a conversation that is new here, from the first one on. */
  async hearAll(conversation: ConversationId): Promise<Heard> {
    await this.hear(conversation)
    return new Heard(this, conversation, 0)
  }

  async ask(command: Command): Promise<unknown> {
    const { value, error } = await this.#run(command)
    if (error !== undefined) throw new RemoteError(error)
    return value
  }

  #remote<T>(on: string): Remote<T> {
    const call =
      (member: string) =>
      async (...args: unknown[]) =>
        this.#call({ on, member, args })
    return new Proxy({}, { get: (_, member) => (typeof member === 'string' ? call(member) : undefined) }) as Remote<T>
  }

  async #call({ on, member, args }: MemberCall): Promise<unknown> {
    const functions: ((...args: unknown[]) => unknown)[] = []
    const packed = args.map((argument) => this.#pack(argument, functions))
    const { value, error, calls } = await this.#run({ do: 'call', on, member, args: packed })
    for (const { number, args } of calls) functions[number]!(...args)
    if (error !== undefined) throw new RemoteError(error)
    return value
  }

  #pack(value: unknown, functions: ((...args: unknown[]) => unknown)[]): unknown {
    if (value === throwing) return { $function: 'throws' }
    if (typeof value === 'function') return { $function: functions.push(value as (...args: unknown[]) => unknown) - 1 }
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    if (Array.isArray(value)) return value.map((item) => this.#pack(item, functions))
    if (value instanceof AbortSignal) return { $signal: this.#follow(value), isAborted: value.aborted }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#pack(item, functions)]))
  }

  #follow(signal: AbortSignal): number {
    let number = this.#signals.get(signal)
    if (number !== undefined) return number
    this.#signals.set(signal, (number = this.#signals.size))
    signal.addEventListener('abort', () => void this.ask({ do: 'abort', signal: number }))
    return number
  }
}

/** The events of one conversation since it was asked for, in their order. */
export class Heard {
  readonly #peer: Peer
  readonly #conversation: string
  readonly #events: HeardEvent[] = []
  readonly #from: number

  constructor(peer: Peer, conversation: string, from: number) {
    this.#peer = peer
    this.#conversation = conversation
    this.#from = from
  }

  /** What listeners of one event have got, once they have got it `count` times; what came beyond that too. */
  async first<K extends keyof ConversationEvents>(name: K, count = 1): Promise<Parameters<ConversationEvents[K]>[]> {
    await this.until(() => this.soFar(name).length >= count)
    return this.soFar(name)
  }

  /** The same, without waiting: of what was heard while waiting for something else. */
  soFar<K extends keyof ConversationEvents>(name: K): Parameters<ConversationEvents[K]>[] {
    return this.#events.filter((event) => event.name === name).map(({ args }) => args as unknown as Parameters<ConversationEvents[K]>)
  }

  /** All that was heard. */
  get events(): readonly HeardEvent[] {
    return this.#events
  }

  /** Looks at `check` after everything that is heard. */
  async until(check: () => boolean): Promise<void> {
    while (!check()) {
      const from = this.#from + this.#events.length
      this.#events.push(...((await this.#peer.ask({ do: 'events', conversation: this.#conversation, from })) as HeardEvent[]))
    }
  }
}

/** A `File` that is made where the peer runs. */
export function fileOf(bytes: Uint8Array, name: string, type: string): File {
  return { $file: bytes, name, type } satisfies FileMark as unknown as File
}
