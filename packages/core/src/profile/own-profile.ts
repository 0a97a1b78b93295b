/** How this user is called: kept in the profile, and said in every conversation that this device may write in. */
import { isParleyError, MAX_AVATAR_BYTES, MAX_NAME_BYTES } from '@parley/protocol'
import type { Context } from '../context.ts'
import { checkText } from '../conversation/arguments.ts'
import type { Replica } from '../replica/replica.ts'
import { saveProfile, type StoredProfile } from './profile.ts'

/** Longest name, in characters; an avatar URL may be a small `data:` image. */
const MAX_NAME = 100
const MAX_AVATAR = 16_384

/** A name as the profile takes it. @throws {ParleyError} InvalidArgument, TooLarge */
export function checkName(name: string): string {
  return checkText(name, 'name', MAX_NAME, MAX_NAME_BYTES)
}

export interface OwnProfileHost {
  /** Whether this user has other devices, or had. */
  hasDevices(): boolean
  /** Another device of this user said something else. */
  onChange(): void
}

export class OwnProfile {
  readonly #context: Context
  #stored: StoredProfile

  readonly #host: OwnProfileHost

  constructor(context: Context, stored: StoredProfile, host: OwnProfileHost) {
    this.#context = context
    this.#stored = stored
    this.#host = host
  }

  /** Says what we are called where that is not known, and takes over what another device of this user says in the conversation of the own devices. */
  async watch(replica: Replica): Promise<void> {
    replica.events.on('state', () => this.introduce(replica))
    if (replica.isSelf && replica.record.state !== 'archive') {
      replica.events.on('control', () => void this.follow(replica))
      await this.follow(replica)
    }
    this.introduce(replica)
  }

  /** What others are told, as a plain object. */
  get shown(): { readonly name: string; readonly avatar: string } {
    return { name: this.name, avatar: this.avatar }
  }

  get name(): string {
    return this.#stored.name
  }

  get avatar(): string {
    return this.#stored.avatar
  }

  /** Takes over what another device of this user has said there. A failure is reported: the next start tries again. */
  async follow({ controls }: Replica): Promise<void> {
    const { name, avatar } = controls.profile(this.#context.me.userId)
    if ((name === '' && avatar === '') || (name === this.name && avatar === this.avatar)) return
    const stored = { ...this.#stored, name, avatar }
    try {
      await saveProfile(this.#context.store, stored)
      this.#stored = stored
      this.#host.onChange()
    } catch (error) {
      this.#context.report(error, 'profile')
    }
  }

  /** Takes effect once it is stored, and is said in `replicas`; where this device may not write yet, `introduce` says it once the conversation is opened again. */
  async set(change: { name?: string; avatar?: string }, replicas: readonly Replica[]): Promise<void> {
    const name = change.name === undefined ? this.name : checkName(change.name)
    const avatar = change.avatar === undefined ? this.avatar : checkText(change.avatar, 'avatar', MAX_AVATAR, MAX_AVATAR_BYTES)
    const stored = { ...this.#stored, name, avatar }
    await saveProfile(this.#context.store, stored)
    this.#stored = stored
    await Promise.all(replicas.filter(mayWrite).map((replica) => replica.commitControl({ op: 'profile', name, avatar })))
  }

  /**
   * Once let in, tells the others what we are called; also after a crash in between. Where there are several devices, what one of them has said is
   * not said over by another that has not heard of it.
   */
  introduce(replica: Replica): void {
    const { name, avatar } = this.#stored
    const told = replica.controls.profile(this.#context.me.userId)
    if (!mayWrite(replica) || (told.name === name && told.avatar === avatar)) return
    // Who has just come back has no name yet, and would take the one away that everybody knows.
    if ((this.#host.hasDevices() || name === '') && (told.name !== '' || told.avatar !== '')) return
    replica.commitControl({ op: 'profile', name, avatar }).catch((error: unknown) => {
      // The fork came to light while this waited; a frozen device has nothing more to say.
      if (!isParleyError(error, 'ProfileForked')) this.#context.report(error, 'introduction')
    })
  }
}

/** Whether this device may say something: it is in, and what it said before is here. */
function mayWrite({ record, isFrozen, isOwnLogHere }: Replica): boolean {
  return record.state === 'member' && !isFrozen && isOwnLogHere
}
