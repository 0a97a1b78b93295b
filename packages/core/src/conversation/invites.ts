/** Invite links: making, listing and revoking them. */
import { inviteKey } from '@parley/crypto'
import {
  encodeControl,
  encodeInviteLink,
  EntryKind,
  messageIdBytes,
  messageIdOf,
  ParleyError,
  parseMessageId,
  ROLES,
  utf8,
  type MessageId,
} from '@parley/protocol'
import type { InviteInfo, InviteInit, InviteState } from '../api.ts'
import type { Context } from '../context.ts'
import { hasRole, opKey, type Invite } from '../membership/index.ts'
import type { Network } from '../network/network.ts'
import type { Replica } from '../replica/replica.ts'
import type { Standing } from './standing.ts'

const DEFAULT_INVITE_MS = 7 * 86_400_000

const MAX_INVITE_USES = 1_000_000

const MAX_INVITE_MS = 10 * 365 * 86_400_000

export class Invites {
  readonly #context: Context
  readonly #replica: Replica
  readonly #network: Network
  readonly #standing: Standing
  /** Links that this device made. */
  readonly #links = new Map<MessageId, string>()

  constructor(options: { context: Context; replica: Replica; network: Network; standing: Standing }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#network = options.network
    this.#standing = options.standing
  }

  /** Reads the links that this device made. */
  async load(): Promise<void> {
    const text = new TextDecoder()
    for (const id of this.#replica.controls.membership.invites.keys()) {
      const row = await this.#context.store.get(this.#replica.keys.inviteLink(messageIdBytes(id)))
      if (row !== undefined) this.#links.set(id, text.decode(row))
    }
  }

  /** Makes an invite link. @throws {ParleyError} NotAllowed, NotAGroup, InvalidArgument */
  async make(init: InviteInit = {}): Promise<string> {
    this.#assertAdmin('make invite links')
    const role = init.role ?? 'writer'
    if (role !== 'reader' && role !== 'writer' && role !== 'moderator')
      throw new ParleyError('InvalidArgument', 'a link makes people reader, writer or moderator; admins are made by name')
    const maxUses = init.uses ?? 1
    const expiresInMs = init.expiresInMs ?? DEFAULT_INVITE_MS
    if (!Number.isInteger(maxUses) || maxUses < 1 || maxUses > MAX_INVITE_USES)
      throw new ParleyError('InvalidArgument', `uses is a whole number from 1 to ${MAX_INVITE_USES}`)
    if (!Number.isFinite(expiresInMs) || expiresInMs <= 0 || expiresInMs > MAX_INVITE_MS)
      throw new ParleyError('InvalidArgument', 'expiresInMs is a time from now, at most ten years')
    const seed = this.#context.random.bytes(32)
    const hints = init.hints ?? this.#network.addresses().slice(0, 8)
    const link = encodeInviteLink(init.base ?? 'parley://join', { conversation: this.#replica.bytes, seed, hints })
    const { publicKey } = inviteKey(seed)
    const expiresMs = Math.floor(this.#context.clock.now() + expiresInMs)
    const { controls, keys } = this.#replica
    const made = await this.#replica.commit(() => ({
      kind: EntryKind.control,
      payload: encodeControl({ op: 'invite', publicKey, role: ROLES[role], maxUses, expiresMs, after: controls.membership.frontier }),
      epoch: undefined,
      alongside: ({ seq, id }) => [
        { type: 'put', key: keys.inviteLink(messageIdBytes(messageIdOf(this.#context.me.deviceBytes, seq, id))), value: utf8(link) },
      ],
    }))
    const verdict = controls.membership.verdicts.get(opKey(made.id))
    if (verdict === 'limit') throw new ParleyError('NotAllowed', 'there are as many open invites as there may be; revoke one first')
    if (verdict !== undefined) throw new ParleyError('NotAllowed', 'you were an admin, and are none any more')
    this.#links.set(messageIdOf(this.#context.me.deviceBytes, made.seq, made.id), link)
    return link
  }

  /** Newest first. */
  all(): readonly InviteInfo[] {
    const now = this.#context.clock.now()
    return [...this.#replica.controls.membership.invites.values()].reverse().map((invite) =>
      Object.freeze({
        id: invite.ref,
        role: invite.role,
        uses: invite.maxUses,
        used: invite.used,
        expiresAt: invite.expiresMs,
        state: stateOf(invite, now),
        by: invite.by,
        link: this.#links.get(invite.ref),
      }),
    )
  }

  /** @throws {ParleyError} NotAllowed, NotAGroup, NotFound */
  async revoke(inviteId: MessageId): Promise<void> {
    this.#assertAdmin('revoke invite links')
    const id = parseMessageId(inviteId)
    if (!this.#replica.controls.membership.invites.has(id))
      throw new ParleyError('NotFound', 'there is no such invite in this conversation')
    await this.#replica.changeMembership((writes) => writes.revoke(id))
  }

  #assertAdmin(what: string): void {
    this.#standing.assertMember()
    if (this.#replica.isDirect) throw new ParleyError('NotAGroup', 'this is a conversation of two; nobody else can join')
    if (!hasRole(this.#replica.controls.membership.members.get(this.#context.me.userId)?.role, 'admin'))
      throw new ParleyError('NotAllowed', `only admins can ${what}`)
  }
}

function stateOf({ isRevoked, used, maxUses, expiresMs }: Invite, now: number): InviteState {
  if (isRevoked) return 'revoked'
  if (used >= maxUses) return 'used'
  return expiresMs < now ? 'expired' : 'open'
}
