/**
 * An engine that knows nobody else: enough to see what commands ask of it and print. Profiles live as long as the fake, and are locked like real ones.
 */
import type { Contact, Conversation, Device, DeviceLinkOffer, LinkInspection, Parley } from '@parley/core'
import type { UserId } from '@parley/protocol'
import { ParleyError } from '@parley/protocol'
import type { EngineInit, OpenEngine } from '../src/run.ts'
import { Emitter } from './emitter.ts'
import { alice, bob, FakeConversation } from './fake-conversation.ts'

/** What stays when an engine is closed. */
interface FakeProfile {
  conversations: FakeConversation[]
  contacts: Contact[]
  blocked: Set<UserId>
  devices: Device[]
}

const DEVICES = [
  { id: 'device', name: '', addedAt: 0, isThis: true, status: 'active', removedAt: undefined },
  { id: 'phone-id', name: 'phone', addedAt: 1, isThis: false, status: 'active', removedAt: undefined },
] as unknown as Device[]

export class FakeParley {
  readonly emitter = new Emitter()
  readonly me = { ...alice, deviceId: 'device' }
  readonly init: EngineInit
  readonly profile: FakeProfile
  links: Partial<LinkInspection>[] = []
  isClosed = false
  readonly #closed: () => void
  #cards = 1

  constructor(init: EngineInit, profile: FakeProfile, closed: () => void) {
    this.init = init
    this.profile = profile
    this.#closed = closed
  }

  get conversations(): FakeConversation[] {
    return this.profile.conversations.filter(({ state }) => state !== 'request' && state !== 'declined')
  }

  get requests(): FakeConversation[] {
    return this.profile.conversations.filter(({ state }) => state === 'request')
  }

  on(name: string, listener: (...args: never[]) => void): () => void {
    return this.emitter.on(name, listener)
  }

  // --- people

  get contacts(): Contact[] {
    return this.profile.contacts.map((contact) => ({ ...contact, isBlocked: this.isBlocked(contact.id) }))
  }

  contactCard = async (): Promise<string> => `parley-card:alice-${this.#cards}`

  async renewContactCard(): Promise<void> {
    this.#cards++
  }

  async addContact(card: string): Promise<Contact> {
    if (card !== 'parley-card:bob') throw new ParleyError('CardInvalid', 'no card')
    const contact = { ...bob, isBlocked: false, addedAt: 0 }
    this.profile.contacts = [contact]
    return contact
  }

  async removeContact(id: UserId): Promise<void> {
    this.profile.contacts = this.profile.contacts.filter((contact) => contact.id !== id)
  }

  block = async (id: UserId): Promise<void> => void this.profile.blocked.add(id)
  unblock = async (id: UserId): Promise<void> => void this.profile.blocked.delete(id)
  isBlocked = (id: UserId): boolean => this.profile.blocked.has(id)

  /** As when a stranger asks. */
  ask(conversation: FakeConversation): void {
    conversation.state = 'request'
    this.profile.conversations.push(conversation)
    this.emitter.emit('request', conversation)
  }

  // --- devices

  deviceLink: Partial<DeviceLinkOffer> | undefined
  recovery: { createdAt: number } | undefined
  safetyNumber = async (id: UserId): Promise<string> => `${id} ${'12345 '.repeat(12).trim()}`
  renameDevice = async (id: string, name: string): Promise<void> => this.#changeDevice(id, { name })
  removeDevice = async (id: string): Promise<void> => {
    if (id === this.me.deviceId) throw new ParleyError('NotAllowed', 'another one has to')
    this.#changeDevice(id, { status: 'removed', removedAt: 1 })
  }

  get devices(): Device[] {
    return this.profile.devices
  }

  async linkDevice(): Promise<Partial<DeviceLinkOffer>> {
    if (this.init.offline === true) throw new ParleyError('Unreachable', 'offline')
    return (this.deviceLink = { state: 'waiting', link: 'parley-link:x', expiresAt: 1 })
  }

  /** As when the new device comes further. */
  come(offer: Partial<DeviceLinkOffer>): void {
    this.deviceLink = { ...this.deviceLink, ...offer }
    this.emitter.emit('devices')
  }

  async confirmDevice(code: string): Promise<void> {
    if (code !== this.deviceLink?.code) throw new ParleyError('LinkRejected', 'other codes')
    this.come({ state: 'done', device: 'phone-id' as never })
  }

  async cancelDeviceLink(): Promise<void> {
    this.come({ state: 'failed', failure: 'LinkRejected' })
  }

  async createRecovery(): Promise<readonly string[]> {
    return Array.from({ length: 24 }, (_, i) => `word${i + 1}`)
  }

  #changeDevice(id: string, change: Partial<Device>): void {
    this.profile.devices = this.profile.devices.map((device) => (device.id === id ? { ...device, ...change } : device))
  }

  // --- conversations

  async createConversation({ with: user }: { with: UserId }): Promise<FakeConversation> {
    const known = this.profile.conversations.find((one) => one.getId() === `direct-${user}`)
    if (known !== undefined) return known
    const conversation = new FakeConversation(`direct-${user}`, bob.name)
    conversation.kind = 'direct'
    conversation.admit({ ...bob, id: user })
    this.profile.conversations.push(conversation)
    return conversation
  }

  async createGroup({ title, members = [] }: { title: string; members?: readonly UserId[] }): Promise<FakeConversation> {
    const conversation = new FakeConversation(`${title}-id`, title)
    for (const id of members) conversation.admit({ ...bob, id })
    this.profile.conversations.push(conversation)
    return conversation
  }

  async join(): Promise<FakeConversation> {
    return new FakeConversation('joined-id', 'joined')
  }

  async forget(id: string): Promise<void> {
    const found = this.conversations.find((one) => one.getId() === id)
    if (found?.state === 'member') throw new ParleyError('NotAllowed', 'leave it first')
    this.profile.conversations = this.profile.conversations.filter((one) => one !== found)
  }

  /** What `verify` finds; repairing helps against what says so. */
  damages: { code: string; what: string; isRepaired: boolean }[] = []
  verify = async (only: string | undefined, { repair }: { repair: boolean }): Promise<object> => {
    const damages = this.damages.map((damage) => ({ ...damage, isRepaired: repair && damage.isRepaired }))
    return { conversations: only === undefined ? this.conversations.length : 1, entries: 9, messages: 5, files: 0, damages }
  }

  inspect(): object {
    const passedOver = { deferred: 0, held: 0, repeated: 0, waitingBytes: 0 }
    const { init, links, me } = this
    return {
      userId: me.id,
      deviceId: me.deviceId,
      addresses: init.listen ?? [],
      links,
      // Nobody listens on the first port of all.
      rendezvous: (init.rendezvous ?? []).map((url) => ({ url, connected: !url.endsWith(':1/') })),
      rejected: { BadProof: 2 },
      passedOver,
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.#closed()
  }
}

/** Opens fakes; `opened` has them in order. */
export function fakeEngines(): { open: OpenEngine; opened: FakeParley[]; isLocked: (profile: string) => boolean } {
  const profiles = new Map<string, FakeProfile>()
  const locked = new Set<string>()
  const opened: FakeParley[] = []
  const open: OpenEngine = async (init) => {
    if (locked.has(init.profile)) throw new ParleyError('ProfileLocked', 'locked')
    locked.add(init.profile)
    const profile = profiles.get(init.profile) ?? { conversations: [], contacts: [], blocked: new Set(), devices: DEVICES }
    profiles.set(init.profile, profile)
    const parley = new FakeParley(init, profile, () => locked.delete(init.profile))
    opened.push(parley)
    // The fake has what commands use of the real thing.
    return parley as unknown as Parley
  }
  return { open, opened, isLocked: (profile) => locked.has(profile) }
}

/** Conversations for tests that need no engine. */
export function fakeParley(...named: [id: string, title: string][]): Parley {
  const conversations = named.map(([id, title]) => new FakeConversation(id, title) as unknown as Conversation)
  return { conversations, requests: [] } as unknown as Parley
}
