/** The folds of what control entries say beside membership: the metadata, and what people are called. */
import type { UserId } from '@parley/protocol'
import { hasRole, type Membership } from '../membership/index.ts'
import { compareEntries, type ControlEntry } from './control-entry.ts'

/** Names for the conversation's own metadata (scope 1). */
export const TITLE = 'title'
export const AVATAR = 'avatar'

export interface Profile {
  readonly name: string
  readonly avatar: string
}

/** A value of the metadata. */
export type MetadataValue = string | number | boolean

/** What the folds have come to: the application's metadata, the conversation's own, and what people are called. */
export interface ContentFold {
  readonly application: ReadonlyMap<string, MetadataValue>
  readonly conversation: ReadonlyMap<string, MetadataValue>
  readonly profiles: ReadonlyMap<UserId, Profile>
}

const NOBODY: Profile = { name: '', avatar: '' }

export class ControlContent {
  /** What says something about metadata or profiles, in the order of every fold. */
  #entries: ControlEntry[] = []
  readonly #application = new Map<string, MetadataValue>()
  readonly #conversationMetadata = new Map<string, MetadataValue>()
  readonly #profiles = new Map<UserId, Profile>()

  /** As it is now. */
  get state(): ContentFold {
    return { application: this.#application, conversation: this.#conversationMetadata, profiles: this.#profiles }
  }

  /** As it was found to be before; the entries behind it come later. */
  restore({ application, conversation, profiles }: ContentFold): void {
    for (const [key, value] of application) this.#application.set(key, value)
    for (const [key, value] of conversation) this.#conversationMetadata.set(key, value)
    for (const [user, profile] of profiles) this.#profiles.set(user, profile)
  }

  /** Takes in what is new. */
  take(entries: readonly ControlEntry[]): void {
    const fresh = entries.filter(({ payload }) => payload?.op === 'metadata' || payload?.op === 'profile')
    if (fresh.length > 0) this.#entries = [...this.#entries, ...fresh].sort(compareEntries)
  }

  /** Entries are not here after all; ids in base32. */
  drop(isGone: (entry: ControlEntry) => boolean): void {
    this.#entries = this.#entries.filter((entry) => !isGone(entry))
  }

  /** Computes the folds anew. Everybody who ever was in may say what they are called; the metadata are for those who write. */
  fold(membership: Membership, counts: (entry: ControlEntry) => boolean): void {
    this.#application.clear()
    this.#conversationMetadata.clear()
    this.#profiles.clear()
    for (const entry of this.#entries) if (counts(entry)) this.#add(entry, membership)
  }

  profile(user: UserId): Profile {
    return this.#profiles.get(user) ?? NOBODY
  }

  metadata(): Record<string, MetadataValue> {
    return Object.fromEntries(this.#application)
  }

  conversationMetadata(key: string): string {
    const value = this.#conversationMetadata.get(key)
    return typeof value === 'string' ? value : ''
  }

  #add({ device, seq, payload }: ControlEntry, membership: Membership): void {
    const user = membership.devices.get(device)?.user
    const role = membership.roleAt(device, seq)
    if (user === undefined || role === undefined || payload === undefined) return
    if (payload.op === 'profile') this.#profiles.set(user, Object.freeze({ name: payload.name, avatar: payload.avatar }))
    if (payload.op !== 'metadata' || !hasRole(role, 'writer')) return
    const target = payload.scope === 'application' ? this.#application : this.#conversationMetadata
    for (const [key, value] of Object.entries(payload.values)) {
      if (value === null) target.delete(key)
      else target.set(key, value)
    }
  }
}
