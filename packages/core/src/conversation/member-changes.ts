/** Changing who is in a conversation: adding, removing, roles, leaving. The membership fold has the last word; here it is said in plain words. */
import { ParleyError, parseUserId, ROLES, type UserId } from '@parley/protocol'
import type { History, Role } from '../api.ts'
import type { Context } from '../context.ts'
import { hasRole, type MemberRecord } from '../membership/index.ts'
import type { Replica } from '../replica/replica.ts'
import type { People } from './people.ts'
import type { Standing } from './standing.ts'

export class MemberChanges {
  readonly #context: Context
  readonly #replica: Replica
  readonly #standing: Standing
  readonly #people: People

  constructor(options: { context: Context; replica: Replica; standing: Standing; people: People }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#standing = options.standing
    this.#people = options.people
  }

  async add(memberId: UserId): Promise<void> {
    const user = parseUserId(memberId)
    this.#assertAdmin('add people')
    if (!this.#replica.controls.membership.members.has(user)) await this.#people.bringIn(this.#replica, user)
  }

  async remove(memberId: UserId): Promise<void> {
    const user = parseUserId(memberId)
    this.#assertAdmin('remove people')
    if (user === this.#context.me.userId) throw new ParleyError('NotAllowed', 'nobody removes themselves; leave instead')
    this.#member(user)
    await this.#replica.changeMembership(async (writes) => {
      // Somebody else may have been faster.
      if (this.#replica.controls.membership.members.has(user)) await writes.remove(user)
    })
  }

  async setRole(memberId: UserId, role: Exclude<Role, 'founder'>): Promise<void> {
    const user = parseUserId(memberId)
    this.#assertAdmin('change roles')
    if (!Object.hasOwn(ROLES, role) || (role as Role) === 'founder')
      throw new ParleyError('InvalidArgument', 'a role is admin, moderator, writer or reader')
    if (user === this.#context.me.userId) throw new ParleyError('NotAllowed', 'nobody changes their own role; leave instead')
    if (this.#member(user).role === role) return
    await this.#replica.changeMembership((writes) => writes.grant(user, role))
  }

  async leave(): Promise<void> {
    this.#standing.assertMember()
    this.#assertGroup()
    await this.#replica.changeMembership((writes) => writes.leave())
  }

  async setHistory(history: History): Promise<void> {
    if (history !== 'full' && history !== 'joined') throw new ParleyError('InvalidArgument', "history is 'full' or 'joined'")
    this.#assertAdmin('say what newcomers can read')
    await this.#replica.changeMembership((writes) => writes.setHistory(history))
  }

  /** @throws {ParleyError} NotAGroup, NotAllowed, and as `assertMember` */
  #assertAdmin(what: string): void {
    this.#standing.assertMember()
    this.#assertGroup()
    if (!hasRole(this.#replica.controls.membership.members.get(this.#context.me.userId)?.role, 'admin'))
      throw new ParleyError('NotAllowed', `only admins can ${what}`)
  }

  #assertGroup(): void {
    if (this.#replica.isDirect) throw new ParleyError('NotAGroup', 'this is a conversation of two; it has no members to change')
  }

  #member(user: UserId): MemberRecord {
    const member = this.#replica.controls.membership.members.get(user)
    if (member === undefined) throw new ParleyError('NotAMember', 'this person is not a member of this conversation')
    if (member.role === 'founder') throw new ParleyError('NotAllowed', 'the founder of a group stays what they are')
    return member
  }
}
