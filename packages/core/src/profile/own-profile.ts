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

export class OwnProfile {
  readonly #context: Context
  #stored: StoredProfile

  constructor(context: Context, stored: StoredProfile) {
    this.#context = context
    this.#stored = stored
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

  /** Takes over what another device of this user has said. */
  async adopt({ name, avatar }: { readonly name: string; readonly avatar: string }): Promise<boolean> {
    if ((name === '' && avatar === '') || (name === this.name && avatar === this.avatar)) return false
    const stored = { ...this.#stored, name, avatar }
    await saveProfile(this.#context.store, stored)
    this.#stored = stored
    return true
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

  /** Once let in, tells the others what we are called; also after a crash in between. With `isFirst` only who has never said it does. */
  introduce(replica: Replica, isFirst = false): void {
    const { name, avatar } = this.#stored
    const told = replica.controls.profile(this.#context.me.userId)
    if (!mayWrite(replica) || (told.name === name && told.avatar === avatar)) return
    // Who has just come back has no name yet, and would take the one away that everybody knows.
    if ((isFirst || name === '') && (told.name !== '' || told.avatar !== '')) return
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
