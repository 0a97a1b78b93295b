/** Who is in a conversation, and who was. */
import type { UserId } from '@parley/protocol'
import type { FormerMember, History, Member, Role, User } from '../api.ts'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'
import type { People } from './people.ts'
import type { Presence } from './presence.ts'

export class Members {
  readonly #context: Context
  readonly #replica: Replica
  readonly #presence: Presence
  readonly #people: People

  constructor(options: { context: Context; replica: Replica; presence: Presence; people: People }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#presence = options.presence
    this.#people = options.people
  }

  /** The founder first, then by order of admission. */
  ids(): UserId[] {
    return [...this.#replica.controls.membership.members.keys()]
  }

  /** The same with what they are called and whether they are here. */
  all(): readonly Member[] {
    const known = this.#replica.controls.membership.devices
    return [...this.#replica.controls.membership.members.values()].map(({ user, role, devices: all }) => {
      // A recovery phrase is no device that a person holds.
      const devices = all.filter((device) => known.get(device)?.cert.isRecovery !== true)
      return Object.freeze({ ...this.user(user), role, status: this.#presence.isOnline(user) ? 'ONLINE' : 'OFFLINE', devices })
    })
  }

  /** Those who were members, the last to go first. */
  former(): readonly FormerMember[] {
    return [...this.#replica.controls.membership.former.values()]
      .sort((a, b) => b.at.ms - a.at.ms)
      .map(({ user, by, how, at }) => Object.freeze({ ...this.user(user), by, how, at: at.ms }))
  }

  /** A member, or somebody who was none or is none any more: then with the name of that time. Who has said none here yet has that of their card. */
  user(id: UserId): User {
    const { name, avatar } = this.#replica.controls.profile(id)
    return Object.freeze({ id, name: name || this.#people.nameOf(id), avatar })
  }

  /** Own role; undefined when not a member. */
  get role(): Role | undefined {
    return this.#replica.controls.membership.members.get(this.#context.me.userId)?.role
  }

  get history(): History {
    return this.#replica.controls.membership.policy.history
  }

  /** What of each member a listener may be told of. */
  states(): ReadonlyMap<UserId, string> {
    return new Map([...this.#replica.controls.membership.members].map(([user, { role, devices }]) => [user, `${role} ${devices.join()}`]))
  }
}
