/** What happens to people: roles, removals, comings and goings, invites; and what members do to messages of others. */
import type { Role } from '@parley/core'
import type { ExpectedMessage } from './naive-fold.ts'
import { naiveFold } from './naive-fold.ts'
import type { SimPeer } from './sim-peer.ts'
import { startPeer } from './start.ts'
import type { World } from './world.ts'
import type { Step } from './steps.ts'

/** Outcomes that come of somebody else having been faster. */
export const RACES = ['NotAllowed', 'NotAMember', 'NotFound', 'MessageNotFound'] as const
/** A group from which nobody more is put out. */
const FEWEST_MEMBERS = 3
const EMOJI = ['👍', '❤️', '🎉'] as const
const ROLES: readonly Exclude<Role, 'founder'>[] = ['reader', 'writer', 'writer', 'moderator', 'admin', 'admin']

export const MEMBER_STEPS: readonly Step[] = [
  { name: 'react', weight: 8, act: react },
  { name: 'hide or pin', weight: 3, act: mark },
  { name: 'role', weight: 4, act: setRole },
  { name: 'put out', weight: 2, act: putOut },
  { name: 'put out one who is deaf', weight: 3, act: putOutDeaf },
  { name: 'leave', weight: 1, act: leave },
  { name: 'bring back', weight: 2, act: bringBack },
  { name: 'come back by invite', weight: 2, act: comeBack },
  { name: 'revoke an invite', weight: 1, act: revoke },
  { name: 'history', weight: 1, act: setHistory },
]

/** A member who may do that, as far as they know themselves. */
function withRole(world: World, roles: readonly Role[]): SimPeer | undefined {
  const fit = world.members().filter((peer) => !peer.isDeaf && roles.includes(peer.conversation?.role ?? 'reader'))
  return fit.length === 0 ? undefined : world.random.pick(fit)
}

export const admin = (world: World): SimPeer | undefined => withRole(world, ['founder', 'admin'])

export function react(world: World): string | undefined {
  const peer = withRole(world, ['founder', 'admin', 'moderator', 'writer'])
  const message = peer && anyMessage(world, peer)
  if (message === undefined) return undefined
  const { conversation } = peer!
  const emoji = world.random.pick(EMOJI)
  const isOn = world.random.integer(3) > 0
  world.call(
    peer!,
    isOn ? 'reacts' : 'takes a reaction back',
    async () => (isOn ? conversation?.react(message.id, emoji) : conversation?.unreact(message.id, emoji)),
    undefined,
    RACES,
  )
  return `${peer!.name} ${isOn ? 'puts' : 'takes'} ${emoji} ${isOn ? 'on' : 'from'} a message`
}

export function mark(world: World): string | undefined {
  const peer = withRole(world, ['founder', 'admin', 'moderator'])
  const message = peer && anyMessage(world, peer)
  if (message === undefined) return undefined
  const what = world.random.pick(['pin', 'unpin', 'hide', 'unhide'] as const)
  const { conversation } = peer!
  world.call(peer!, `does ${what}`, async () => conversation?.[what](message.id), undefined, RACES)
  return `${peer!.name} does ${what} to a message`
}

function setRole(world: World): string | undefined {
  const [actor, target] = [admin(world), other(world)]
  if (actor === undefined || target === undefined || actor === target) return undefined
  const { conversation } = actor
  const role = world.random.pick(ROLES)
  world.call(actor, `sets the role of ${target.name}`, async () => conversation?.setRole(target.user!, role), undefined, RACES)
  return `${actor.name} makes ${target.name} ${role}`
}

function putOut(world: World): string | undefined {
  const [actor, target] = [admin(world), other(world)]
  if (actor === undefined || target === undefined || actor === target || !isLarge(actor)) return undefined
  const { conversation } = actor
  world.call(actor, `removes ${target.name}`, async () => conversation?.removeMember(target.user!), undefined, RACES)
  return `${actor.name} puts ${target.name} out`
}

/** One of a simulation: a patched client that hears nothing from now on and goes on writing with the keys that it has. */
function putOutDeaf(world: World): string | undefined {
  const [actor, target] = [world.peers[0], other(world)]
  if (actor?.isMember !== true || target?.isMember !== true || !isLarge(actor) || world.peers.some(({ isDeaf }) => isDeaf)) return undefined
  target.isDeaf = true
  const { conversation } = actor
  world.call(actor, `removes ${target.name}`, async () => conversation?.removeMember(target.user!), undefined, RACES)
  return `${actor.name} puts ${target.name} out, who does not listen`
}

function leave(world: World): string | undefined {
  const peer = other(world)
  if (peer?.isMember !== true || peer.isDeaf || !isLarge(peer)) return undefined
  const { conversation } = peer
  world.call(peer, 'leaves', async () => conversation?.leave(), undefined, RACES)
  return `${peer.name} leaves`
}

function bringBack(world: World): string | undefined {
  const actor = admin(world)
  const former = actor?.conversation?.formerMembers() ?? []
  if (former.length === 0) return undefined
  const { id } = world.random.pick(former)
  const target = world.peers.find(({ user }) => user === id)
  if (target === undefined || target.isDeaf) return undefined
  const { conversation } = actor!
  world.call(actor!, `brings ${target.name} back`, async () => conversation?.addMember(id), undefined, RACES)
  return `${actor!.name} brings ${target.name} back`
}

function comeBack(world: World): string | undefined {
  const actor = admin(world)
  const out = world.peers.filter(({ condition, conversation, isDeaf }) => condition === 'running' && !isDeaf && isOut(conversation?.state))
  if (actor === undefined || out.length === 0) return undefined
  const peer = world.random.pick(out)
  const { conversation } = actor
  const { parley } = peer
  world.call(
    actor,
    'invites',
    async () => conversation?.invite(),
    (link) => {
      if (link !== undefined && peer.parley === parley) world.call(peer, 'joins again', async () => parley?.join(link))
    },
    RACES,
  )
  return `${actor.name} invites ${peer.name} again`
}

function revoke(world: World): string | undefined {
  const actor = admin(world)
  const open = actor?.conversation?.invites().filter(({ state }) => state === 'open') ?? []
  if (open.length === 0) return undefined
  const { id } = world.random.pick(open)
  const { conversation } = actor!
  world.call(actor!, 'revokes an invite', async () => conversation?.revokeInvite(id), undefined, RACES)
  return `${actor!.name} revokes an invite`
}

function setHistory(world: World): string | undefined {
  const actor = admin(world)
  if (actor === undefined) return undefined
  const { conversation } = actor
  const history = world.random.pick(['full', 'full', 'joined'] as const)
  world.call(actor, 'sets the history', async () => conversation?.setHistory(history), undefined, RACES)
  return `${actor.name} gives newcomers the history: ${history}`
}

/** A newcomer, invited by an admin. */
export function inviteAndStart(world: World, actor: SimPeer, peer: SimPeer, expected: readonly string[] = []): void {
  const { conversation } = actor
  world.call(
    actor,
    'invites',
    async () => conversation?.invite(),
    (link) => {
      peer.inviteLink = link
      startPeer(world, peer)
    },
    expected,
  )
}

/** Somebody whose user is known, besides the founder. */
function other(world: World): SimPeer | undefined {
  const others = world.peers.slice(1).filter(({ user }) => user !== undefined)
  return others.length === 0 ? undefined : world.random.pick(others)
}

function isLarge(peer: SimPeer): boolean {
  return (peer.conversation?.getMembers().length ?? 0) > FEWEST_MEMBERS
}

function isOut(state: string | undefined): boolean {
  return state === 'removed' || state === 'left'
}

function anyMessage(world: World, peer: SimPeer): ExpectedMessage | undefined {
  const shown = naiveFold(world.ledger, peer.held).messages
  return shown.length === 0 ? undefined : world.random.pick(shown.slice(-30))
}
