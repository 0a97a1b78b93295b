/** The engine of one profile: its conversations on one store, over some transports. */
import { createEpochSecret, epochCommitment, type CryptoProvider } from '@parley/crypto'
import {
  conversationIdOf,
  conversationIdOfGenesis,
  encodeControl,
  MAX_AVATAR_BYTES,
  MAX_NAME_BYTES,
  parseInviteLink,
  ParleyError,
  type ControlPayload,
  type ConversationId,
  type InviteLink,
} from '@parley/protocol'
import type { Conversation, Inspection, Metadata, Parley, ParleyEvents } from './api.ts'
import { checkMetadata, checkText } from './conversation/arguments.ts'
import type { Context } from './context.ts'
import { AVATAR, TITLE } from './replica/control-log.ts'
import { LiveConversation, type ViewCache } from './conversation/conversation.ts'
import { Emitter } from './support/emitter.ts'
import { errorFacts } from './support/error-facts.ts'
import { storeKeyVault, type KeyVault } from './profile/key-vault.ts'
import { conversationRange } from './replica/keyspace.ts'
import { Mutex } from './support/mutex.ts'
import { Network } from './network/network.ts'
import { loadProfile, saveProfile, type StoredProfile } from './profile/profile.ts'
import { decodeRecord, type ConversationRecord } from './replica/record.ts'
import { Replica } from './replica/replica.ts'
import type { Store } from './store.ts'
import type { Clock, Logger, Random, Transport } from './transport.ts'

/** Longest name and title, in characters; an avatar URL may be a small `data:` image. */
const MAX_NAME = 100
const MAX_TITLE = 200
const MAX_AVATAR = 16_384

export interface EngineInit {
  /** Owned by the engine from here on, which closes it. */
  store: Store
  transports: readonly Transport[]
  crypto: CryptoProvider
  /** Where the device's private keys are kept; in `store` unless told. */
  vault?: KeyVault
  clock: Clock
  random: Random
  logger: Logger
  /** The user's name, when the profile is new. */
  name?: string
  viewCache?: ViewCache
}

/** Opens the profile in `store` and goes online. @throws {StorageUnavailable} */
export async function createEngine(init: EngineInit): Promise<Parley> {
  const { profile, identity } = await loadProfile(
    { ...init, vault: init.vault ?? storeKeyVault(init) },
    init.name === undefined ? undefined : checkText(init.name, 'name', MAX_NAME, MAX_NAME_BYTES),
  )
  const engine = new Engine(init, profile, (report) => ({ ...init, me: identity, report }))
  await engine.open()
  return engine
}

class Engine implements Parley {
  readonly #store: Store
  readonly #context: Context
  readonly #network: Network
  readonly #events: Emitter<ParleyEvents>
  readonly #viewCache: ViewCache | undefined
  readonly #conversations = new Map<ConversationId, LiveConversation>()
  readonly #joins = new Mutex()
  #profile: StoredProfile
  #closing: Promise<void> | undefined
  #isListChangePending = false

  constructor(init: EngineInit, profile: StoredProfile, context: (report: Context['report']) => Context) {
    this.#store = init.store
    this.#viewCache = init.viewCache
    this.#profile = profile
    this.#context = context((error, where) => this.#report(error, where))
    this.#events = new Emitter((error, event) => this.#context.logger.error('listener failed', { event, ...errorFacts(error) }))
    this.#network = new Network(this.#context, init.transports)
  }

  async open(): Promise<void> {
    for (const { key, value } of await this.#store.range(conversationRange())) {
      await this.#openConversation(conversationIdOf(key.slice(1)), decodeRecord(value))
    }
    this.#network.events.on('connection', () => {
      for (const conversation of this.#conversations.values()) conversation.updateSyncState()
      this.#events.emit('connection')
    })
    this.#network.events.on('progress', (id) => this.#conversations.get(id)?.updateSyncState())
    this.#network.events.on('sent', (id, nextSeq) => this.#conversations.get(id)?.noteSent(nextSeq))
    this.#network.events.on('refused', (id, code) => this.#onRefused(id, code))
    await this.#network.start()
  }

  get me(): Parley['me'] {
    const { userId, deviceId } = this.#context.me
    return Object.freeze({ id: userId, deviceId, name: this.#profile.name, avatar: this.#profile.avatar })
  }

  get conversations(): readonly Conversation[] {
    return [...this.#conversations.values()].sort((a, b) => b.lastActivity - a.lastActivity)
  }

  conversation(id: ConversationId): Conversation | undefined {
    return this.#conversations.get(id)
  }

  on<K extends keyof ParleyEvents>(name: K, listener: ParleyEvents[K]): () => void {
    return this.#events.on(name, listener)
  }

  async createGroup(init: { title?: string; avatar?: string; metadata?: Metadata } = {}): Promise<Conversation> {
    this.#assertOpen()
    const { random, crypto, me, clock } = this.#context
    const title = checkText(init.title ?? '', 'title', MAX_TITLE)
    const avatar = checkText(init.avatar ?? '', 'avatar', MAX_AVATAR)
    const metadata = checkMetadata(init.metadata ?? {})
    const secret = createEpochSecret((n) => random.bytes(n))
    const genesis = encodeControl({ op: 'genesis', founderCert: me.cert, salt: random.bytes(32), epochCommitment: epochCommitment(secret) })
    const id = conversationIdOf(conversationIdOfGenesis((b) => crypto.sha256(b), genesis))
    const sealed: ControlPayload[] = [{ op: 'profile', name: this.#profile.name, avatar: this.#profile.avatar }]
    if (title !== '' || avatar !== '') sealed.push({ op: 'metadata', scope: 'conversation', values: { [TITLE]: title, [AVATAR]: avatar } })
    if (Object.keys(metadata).length > 0) sealed.push({ op: 'metadata', scope: 'application', values: metadata })
    const record: ConversationRecord = { state: 'member', seed: undefined, hints: [], refusal: undefined, since: clock.now() }
    const replica = new Replica(this.#context, id, record)
    await replica.load()
    await replica.found(genesis, secret, sealed)
    return this.#adopt(replica)
  }

  async join(inviteLink: string): Promise<Conversation> {
    this.#assertOpen()
    const link = parseInviteLink(checkText(inviteLink, 'invite link'))
    // One after the other: the same link twice is one conversation.
    return this.#joins.run(() => this.#join(link))
  }

  async #join(link: InviteLink): Promise<Conversation> {
    const id = conversationIdOf(link.conversation)
    const record: ConversationRecord = {
      state: 'joining',
      seed: link.seed.slice(),
      hints: link.hints,
      refusal: undefined,
      since: this.#context.clock.now(),
    }
    const known = this.#conversations.get(id)
    if (known !== undefined) {
      // Another link after a refusal is another try; a member stays one.
      await known.replica.setRecord((now) => (now.state === 'member' ? now : { ...record, since: now.since }))
      this.#network.wake()
      return known
    }
    const replica = new Replica(this.#context, id, record)
    await replica.load()
    await replica.setRecord(() => ({ ...record }))
    return this.#adopt(replica)
  }

  async setProfile(change: { name?: string; avatar?: string }): Promise<void> {
    this.#assertOpen()
    const name = change.name === undefined ? this.#profile.name : checkText(change.name, 'name', MAX_NAME, MAX_NAME_BYTES)
    const avatar = change.avatar === undefined ? this.#profile.avatar : checkText(change.avatar, 'avatar', MAX_AVATAR, MAX_AVATAR_BYTES)
    const profile = { ...this.#profile, name, avatar }
    await saveProfile(this.#store, profile)
    this.#profile = profile
    await Promise.all(
      [...this.#conversations.values()]
        .filter((c) => c.state === 'member' && !c.replica.isFrozen)
        .map((c) => c.replica.commitControl({ op: 'profile', name, avatar })),
    )
    this.#events.emit('conversations')
  }

  async connect(address: string, options?: { signal?: AbortSignal }): Promise<void> {
    this.#assertOpen()
    await this.#network.dial(address, options)
  }

  wake(): void {
    if (this.#closing === undefined) this.#network.wake()
  }

  inspect(): Inspection {
    const { deviceId, userId } = this.#context.me
    return {
      deviceId,
      userId,
      addresses: this.#network.addresses(),
      rendezvous: this.#network.rendezvous(),
      links: this.#network.links(),
      rejected: this.#network.rejected(),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Conversations first: their goodbyes leave on the links that are still up.
    const outcomes = await Promise.allSettled([...this.#conversations.values()].map((c) => c.close()))
    await this.#network.stop()
    this.#events.clear()
    await this.#store.close()
    // A fold that could not be written down, on a full disk: told once everything is free all the same. The next start folds again.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #openConversation(id: ConversationId, record: ConversationRecord): Promise<void> {
    const replica = new Replica(this.#context, id, record)
    await replica.load()
    await this.#adopt(replica)
  }

  async #adopt(replica: Replica): Promise<LiveConversation> {
    const conversation = new LiveConversation({
      context: this.#context,
      replica,
      network: this.#network,
      viewCache: this.#viewCache,
      onListChange: () => this.#onListChange(),
    })
    const shared = await conversation.open()
    this.#conversations.set(replica.id, conversation)
    replica.events.on('state', () => this.#introduce(replica))
    this.#introduce(replica)
    this.#network.add(shared)
    conversation.updateSyncState()
    this.#onListChange()
    return conversation
  }

  /** Once let in, tell the others what we are called; also after a crash in between. */
  #introduce(replica: Replica): void {
    const { name, avatar } = this.#profile
    const told = replica.controls.profile(this.#context.me.userId)
    if (replica.record.state !== 'member' || (told.name === name && told.avatar === avatar)) return
    replica.commitControl({ op: 'profile', name, avatar }).catch((error: unknown) => this.#report(error, 'introduction'))
  }

  #onRefused(id: ConversationId, code: string): void {
    const conversation = this.#conversations.get(id)
    if (conversation === undefined) return
    const { replica } = conversation
    const refuse = (now: ConversationRecord): ConversationRecord =>
      now.state === 'joining' ? { ...now, state: 'refused', seed: undefined, refusal: code } : now
    replica.setRecord(refuse).catch((error: unknown) => this.#report(error, 'refusal'))
  }

  /** Tells a list once for everything that changed in this turn. */
  #onListChange(): void {
    if (this.#isListChangePending) return
    this.#isListChangePending = true
    queueMicrotask(() => {
      this.#isListChangePending = false
      this.#events.emit('conversations')
    })
  }

  #report(error: unknown, where: string): void {
    this.#context.logger.error('failure', { where, ...errorFacts(error) })
    this.#events.emit('error', error instanceof Error ? error : new Error(String(error)))
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ParleyError('Closed', 'this profile has been closed')
  }
}
