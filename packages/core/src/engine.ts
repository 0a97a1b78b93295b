/** The engine of one profile: its conversations on one store, over some transports. */
import {
  conversationIdOf,
  parseInviteLink,
  parseUserId,
  ParleyError,
  type ConversationId,
  type InviteLink,
  type UserId,
} from '@parley/protocol'
import { Attachments } from './attachments/attachments.ts'
import type { ImportHost } from './archive/import.ts'
import type { ArchiveSource, Conversation, ImportOptions, Inspection, Parley, ParleyEvents, SearchOptions, SearchResults } from './api.ts'
import { Contacts } from './contacts/contacts.ts'
import { checkObject, checkText } from './conversation/arguments.ts'
import type { Context } from './context.ts'
import { foundGroup, type GroupInit } from './conversation/found-group.ts'
import { joinGroup, noteRefusal } from './conversation/join-group.ts'
import { LiveConversation } from './conversation/conversation.ts'
import { OpenConversations, SHARED_DETAILS } from './conversation/open-conversations.ts'
import type { ViewCache } from './conversation/parts.ts'
import { Emitter } from './support/emitter.ts'
import { errorFacts } from './support/error-facts.ts'
import { storeKeyVault } from './profile/key-vault.ts'
import { eraseConversation, eraseScratch } from './replica/erase.ts'
import { conversationRange } from './replica/keyspace.ts'
import { Mutex } from './support/mutex.ts'
import { Network } from './network/network.ts'
import { Devices } from './devices/devices.ts'
import { DRAFT_SHARED_AFTER_MS, type SharedValue } from './devices/shared-state.ts'
import type { EngineInit } from './engine-init.ts'
import type { Shared } from './network/session-line.ts'
import { checkName, OwnProfile } from './profile/own-profile.ts'
import { StoredPreferences } from './profile/preferences.ts'
import { StorageClient } from './profile/storage-client.ts'
import { loadProfile, type StoredProfile } from './profile/profile.ts'
import { checkReplicate } from './replica/replicate.ts'
import { decodeRecord, type ConversationRecord } from './replica/record.ts'
import { Replica } from './replica/replica.ts'
import { SearchBudget } from './search/budget.ts'
import type { Store } from './store.ts'
import { WaitingBytes } from './support/waiting-bytes.ts'
import { openMending } from './verify/opening.ts'

/**
 * Opens the profile in `store` and goes online.
 * @throws {StorageUnavailable}; with `link` or `recover` {LinkCodeInvalid}, {LinkExpired}, {LinkUsed}, {LinkRejected}, {PhraseInvalid},
 * {Unreachable}, {NotAllowed} for a profile that is somebody else, {Aborted}
 */
export async function createEngine(init: EngineInit): Promise<Parley> {
  checkReplicate(init.replicate)
  const vault = init.vault ?? storeKeyVault(init)
  if (init.link !== undefined || init.recover !== undefined) await (await import('./devices/become.ts')).becomeSomebody({ ...init, vault })
  const { profile, identity } = await loadProfile({ ...init, vault }, init.name === undefined ? undefined : checkName(init.name))
  const preferences = new StoredPreferences(init.store)
  await preferences.load()
  const engine = new Engine(init, profile, preferences, (report) => ({
    ...init,
    me: identity,
    preferences,
    waiting: new WaitingBytes(),
    report,
  }))
  await engine.open()
  return engine
}

class Engine extends StorageClient implements Parley {
  protected readonly store: Store
  readonly #context: Context
  readonly #network: Network
  protected readonly people: Contacts
  protected readonly ownDevices: Devices
  readonly #events: Emitter<ParleyEvents>
  readonly #viewCache: ViewCache | undefined
  protected readonly attachments: Attachments | undefined
  readonly #searchBudget = new SearchBudget()
  protected readonly requestPersistence: () => Promise<boolean>
  protected readonly openConversations = new OpenConversations()
  readonly #joins = new Mutex()
  readonly #profile: OwnProfile
  protected readonly storedPreferences: StoredPreferences
  #closing: Promise<void> | undefined
  #isListChangePending = false

  constructor(init: EngineInit, profile: StoredProfile, preferences: StoredPreferences, context: (report: Context['report']) => Context) {
    super()
    this.store = init.store
    this.requestPersistence = () => init.persist?.() ?? Promise.resolve(true)
    this.#viewCache = init.viewCache
    this.storedPreferences = preferences
    this.#context = context((error, where) => this.#report(error, where))
    this.#profile = new OwnProfile(this.#context, profile, {
      hasDevices: () => this.ownDevices.own.self !== undefined,
      onChange: () => this.#events.emit('conversations'),
    })
    this.#events = new Emitter((error, event) => this.#context.logger.error('listener failed', { event, ...errorFacts(error) }))
    const host = {
      profile: () => this.#profile.shown,
      replicas: () => this.openConversations.replicas(),
      replica: (id: ConversationId) => this.openConversations.get(id)?.replica,
      adopt: async (replica: Replica) => void (await this.#adopt(replica)),
      refresh: () => this.#network.refresh(),
      wake: () => this.#network.wake(),
      addresses: () => this.#network.addresses(),
    }
    this.people = new Contacts(this.#context, {
      ...host,
      drop: (replica) => this.#drop(replica),
      isOwnDevice: (device) => this.ownDevices.own.self?.isActive(device) === true,
      sharedWith: (device) => this.ownDevices.own.sharedWith(device),
      share: (key, value) => this.ownDevices.shared.put(key, value),
      onRequest: (replica) => this.#events.emit('request', this.openConversations.live(replica)),
      onContacts: () => this.#onContacts(),
    })
    const devicesHost = {
      ...host,
      certsOf: (user: UserId) => this.people.book.certsOf(user),
      isReachable: () => this.#network.isReachable,
      shareable: () => this.#shareable(),
      takeShared: (key: string, value: SharedValue) => this.#takeShared(key, value),
      onRecovered: async (replica: Replica) => {
        if (this.#profile.name === '') await this.#profile.follow(replica)
        await this.people.know(replica)
      },
      onDevices: () => this.#events.emit('devices'),
    }
    this.ownDevices = new Devices(this.#context, devicesHost, init.recover)
    this.#network = new Network(this.#context, init.transports, this.people, this.ownDevices.talks)
    this.attachments = init.attachments && new Attachments(this.#context, init.attachments)
  }

  async open(): Promise<void> {
    await eraseScratch(this.store)
    await this.people.load()
    const rows = (await this.store.range(conversationRange())).map(({ key, value }) => ({
      id: conversationIdOf(key.slice(1)),
      record: decodeRecord(value),
    }))
    // That of the own devices first: what they share is known when the others open.
    rows.sort((a, b) => Number(b.id === this.ownDevices.own.selfId) - Number(a.id === this.ownDevices.own.selfId))
    for (const { id, record } of rows) await this.#openConversation(id, record)
    await this.people.tidy()
    this.attachments?.sweep()
    this.#network.events.on('connection', () => {
      for (const conversation of this.openConversations) conversation.updateSyncState()
      this.#events.emit('connection')
    })
    this.#network.events.on('progress', (id) => this.openConversations.get(id)?.updateSyncState())
    this.#network.events.on('sent', (id, nextSeq) => this.openConversations.get(id)?.noteSent(nextSeq))
    this.#network.events.on('refused', (id, code) => this.#onRefused(id, code))
    await this.#network.start()
  }

  get me(): Parley['me'] {
    const { userId, deviceId } = this.#context.me
    return Object.freeze({ id: userId, deviceId, name: this.#profile.name, avatar: this.#profile.avatar })
  }

  get conversations(): readonly Conversation[] {
    return this.openConversations.shown()
  }

  get requests(): readonly Conversation[] {
    return this.openConversations.requests()
  }

  conversation(id: ConversationId): Conversation | undefined {
    return id === this.ownDevices.own.selfId ? undefined : this.openConversations.get(id)
  }

  on<K extends keyof ParleyEvents>(name: K, listener: ParleyEvents[K]): () => void {
    return this.#events.on(name, listener)
  }

  async createGroup(init: GroupInit & { members?: readonly UserId[] } = {}): Promise<Conversation> {
    this.assertOpen()
    const members = new Set(init.members)
    members.delete(this.#context.me.userId)
    // Who is no contact is said before there is a group.
    for (const user of members) this.people.assertContact(user)
    const conversation = await this.#adopt(await foundGroup(this.#context, init, this.#profile))
    for (const user of members) await this.people.bringIn(conversation.replica, user)
    return conversation
  }

  async createConversation(init: { with: UserId }): Promise<Conversation> {
    this.assertOpen()
    return this.openConversations.live(await this.people.begin(parseUserId(checkText(init.with, 'user id'))))
  }

  async join(inviteLink: string): Promise<Conversation> {
    this.assertOpen()
    const link = parseInviteLink(checkText(inviteLink, 'invite link'))
    // One after the other: the same link twice is one conversation.
    return this.#joins.run(() => this.#join(link))
  }

  async #join(link: InviteLink): Promise<Conversation> {
    const id = conversationIdOf(link.conversation)
    const known = this.openConversations.get(id)
    const replica = await joinGroup(this.#context, link, known?.replica)
    if (known === undefined) return this.#adopt(replica)
    this.#network.wake()
    return known
  }

  async search(query: string, options: SearchOptions & { conversation?: ConversationId } = {}): Promise<SearchResults> {
    this.assertOpen()
    return this.openConversations.search(query, options)
  }

  async importConversation(source: ArchiveSource, options: ImportOptions = {}): Promise<Conversation> {
    this.assertOpen()
    const host: ImportHost = {
      replica: (id) => this.openConversations.get(id)?.replica,
      adopt: async (replica) => (await this.#adopt(replica)).passOver(),
    }
    // One after the other: they share the place where archives are verified.
    return this.#joins.run(async () => {
      const { importArchive } = await import('./archive/import.ts')
      const id = await importArchive(this.#context, this.attachments, host, source, checkObject(options, 'options'))
      return this.openConversations.live({ id })
    })
  }

  async setProfile(change: { name?: string; avatar?: string }): Promise<void> {
    this.assertOpen()
    await this.#profile.set(change, this.openConversations.replicas())
    this.#events.emit('conversations')
  }

  async connect(address: string, options?: { signal?: AbortSignal }): Promise<void> {
    this.assertOpen()
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
      passedOver: this.#network.passedOver(),
      search: this.#searchBudget.inspection,
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.ownDevices.close()
    // Conversations first: their goodbyes leave on the links that are still up.
    const outcomes = await Promise.allSettled([...this.openConversations].map((c) => c.close()))
    await this.#network.stop()
    await this.attachments?.close()
    this.#events.clear()
    await this.store.close()
    // A fold that could not be written down, on a full disk: told once everything is free all the same. The next start folds again.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #openConversation(id: ConversationId, record: ConversationRecord): Promise<void> {
    const make = (): Replica => new Replica(this.#context, id, record)
    await openMending(this.#context, make, async (replica) => {
      await replica.load()
      // A request whose taking in was interrupted: whoever asks tells it again.
      if (record.state === 'request' && !replica.controls.membership.members.has(this.#context.me.userId))
        return eraseConversation(this.store, replica)
      await this.#adopt(replica)
    })
  }

  async #adopt(replica: Replica): Promise<LiveConversation> {
    const conversation = new LiveConversation({
      context: this.#context,
      replica,
      network: this.#network,
      attachments: this.attachments,
      viewCache: this.#viewCache,
      searchBudget: this.#searchBudget,
      findForward: (id) => this.openConversations.findForward(id),
      people: this.people,
      share: (what, value) => this.ownDevices.shared.put(`${what}:${replica.id}`, value, what === 'draft' ? DRAFT_SHARED_AFTER_MS : 0),
      onListChange: () => this.#onListChange(),
    })
    const shared = await conversation.open().catch(async (error: unknown) => {
      await Promise.allSettled([conversation.close()])
      throw error
    })
    this.openConversations.add(conversation)
    await this.#profile.watch(replica)
    this.#connect(shared)
    for (const what of SHARED_DETAILS) {
      const value = this.ownDevices.shared.get(`${what}:${replica.id}`)
      if (value !== null) await conversation.takeShared(what, value)
    }
    conversation.updateSyncState()
    this.#onListChange()
    return conversation
  }

  *#shareable(): Iterable<readonly [key: string, value: SharedValue]> {
    yield* this.people.shared()
    yield* this.openConversations.shared()
  }

  async #takeShared(key: string, value: SharedValue): Promise<void> {
    if (typeof value !== 'boolean' && (await this.people.takeShared(key, value))) return
    await this.openConversations.takeShared(key, value)
    this.#onListChange()
  }

  /** An archive is read, and hears of nothing, until its user is let in. */
  #connect(shared: Shared): void {
    const { replica } = shared
    if (replica.record.state !== 'archive') {
      this.people.watch(replica)
      this.ownDevices.own.watch(replica)
      return this.#network.add(shared)
    }
    const off = replica.events.on('state', () => {
      if (replica.record.state === 'archive') return
      off()
      this.#connect(shared)
      this.#network.wake()
    })
  }

  async forget(id: ConversationId): Promise<void> {
    this.assertOpen()
    const conversation = this.openConversations.known(id)
    if (conversation.state === 'member') throw new ParleyError('NotAllowed', 'you are a member of this conversation; leave it first')
    if (conversation.state === 'request') return conversation.decline()
    // A disk that takes nothing more is met before anything is let go of.
    await conversation.replica.setRecord((record) => ({ ...record }))
    await this.#drop(conversation.replica)
    await eraseConversation(this.store, conversation.replica)
  }

  /** Ends the work on a conversation whose rows are deleted next. */
  async #drop(replica: Replica): Promise<void> {
    await this.openConversations.get(replica.id)?.close()
    this.openConversations.delete(replica.id)
    this.#network.remove(replica)
    await this.attachments?.remove(replica.id)
    this.#onListChange()
  }

  /** What this user thinks of people has changed, and with it what conversations show of them. */
  #onContacts(): void {
    for (const conversation of this.openConversations) conversation.updatePeople()
    this.#events.emit('contacts')
    this.#onListChange()
  }

  #onRefused(id: ConversationId, code: string): void {
    const conversation = this.openConversations.get(id)
    if (conversation !== undefined) noteRefusal(conversation.replica, code).catch((error: unknown) => this.#report(error, 'refusal'))
  }

  /** Tells a list once for everything that changed in this turn. */
  #onListChange(): void {
    if (this.#isListChangePending) return
    this.#isListChangePending = true
    queueMicrotask(() => {
      this.#isListChangePending = false
      for (const conversation of this.openConversations.appeared()) this.#events.emit('conversation', conversation)
      this.#events.emit('conversations')
    })
  }

  #report(error: unknown, where: string): void {
    this.#context.logger.error('failure', { where, ...errorFacts(error) })
    this.#events.emit('error', error instanceof Error ? error : new Error(String(error)))
  }

  protected assertOpen(): void {
    if (this.#closing !== undefined) throw new ParleyError('Closed', 'this profile has been closed')
  }
}
