/** What can happen, and how often: to people, disks, processes and networks. */
import type { MessageId } from '@parley/protocol'
import type { SeededRandom } from '../seeded-random.ts'
import { DEVICE_STEPS } from './device-steps.ts'
import { admin, inviteAndStart, MEMBER_STEPS, RACES } from './member-steps.ts'
import { naiveFold, type ExpectedMessage } from './naive-fold.ts'
import type { SimPeer } from './sim-peer.ts'
import { startPeer } from './start.ts'
import { NAMES, type World } from './world.ts'

export interface Step {
  readonly name: string
  /** How often, against the others. */
  readonly weight: number
  /** Does it. Returns what it did, or undefined when it cannot be done now. */
  act(world: World): string | undefined
}

/** People who come by an invite in the course of a simulation, besides those who are there from the beginning. */
const MAX_NEWCOMERS = 2
/** Devices in one simulation that may fork. */
const MAX_SUSPECTS = 2
/** Links that one time of loss costs, on average. */
const MEAN_LOSSES = 30
const TEXTS = ['hello', 'see you there', 'yes', 'no idea', 'https://example.org/a?b=c', 'Grüße, 你好, 👋🏽', 'line one\nline two'] as const

export const STEPS: readonly Step[] = [
  { name: 'send', weight: 22, act: (world) => withMember(world, (peer) => sendMany(world, peer, 1)) },
  {
    name: 'burst',
    weight: 6,
    act: (world) => withMember(world, (peer) => sendMany(world, peer, 2 + world.random.integer(world.random.pick([8, 8, 40])))),
  },
  { name: 'edit', weight: 9, act: (world) => withMember(world, (peer) => edit(world, peer)) },
  { name: 'delete', weight: 5, act: (world) => withMember(world, (peer) => remove(world, peer)) },
  { name: 'metadata', weight: 5, act: (world) => withMember(world, (peer) => setMetadata(world, peer)) },
  { name: 'title', weight: 1, act: (world) => withMember(world, (peer) => setTitle(world, peer)) },
  { name: 'profile', weight: 1, act: (world) => withMember(world, (peer) => setProfile(world, peer)) },
  { name: 'typing', weight: 4, act: (world) => withMember(world, (peer) => type(world, peer)) },
  { name: 'seen', weight: 5, act: (world) => withMember(world, (peer) => see(world, peer)) },
  { name: 'partition', weight: 3, act: partition },
  { name: 'heal', weight: 4, act: heal },
  { name: 'lose a link', weight: 5, act: loseLink },
  { name: 'wake', weight: 1, act: (world) => withMember(world, (peer) => done(`${peer.name} wakes`, () => peer.parley?.wake())) },
  {
    name: 'latency',
    weight: 3,
    act: (world) => done(`latency up to ${(world.conditions.latencyMs = world.random.pick([0, 5, 20, 100, 600]))} ms`),
  },
  { name: 'loss', weight: 2, act: changeLoss },
  { name: 'disk', weight: 3, act: changeDisk },
  { name: 'full disk', weight: 1, act: fillDisk },
  { name: 'skew', weight: 1, act: changeClock },
  { name: 'crash', weight: 2, act: crashNow },
  { name: 'crash at a write', weight: 3, act: crashAtWrite },
  { name: 'close', weight: 1, act: closeOne },
  { name: 'restart', weight: 8, act: restart },
  { name: 'newcomer', weight: 1, act: newcomer },
]

/** What makes devices fork; only in simulations that are to have forks. */
const FORK_STEPS: readonly Step[] = [
  { name: 'back up', weight: 2, act: backUp },
  { name: 'restore', weight: 2, act: restoreBackup },
  { name: 'copy', weight: 2, act: copyProfile },
]

/** Where devices fork nobody is put out, for whom a frozen device lets in has to be invited again. */
const STEPS_WITH_FORKS: readonly Step[] = [...STEPS, ...FORK_STEPS]
const STEPS_WITH_CHANGES: readonly Step[] = [...STEPS, ...MEMBER_STEPS]
const STEPS_WITH_DEVICES: readonly Step[] = [...STEPS, ...DEVICE_STEPS]

/** Chooses a step that can be done and does it. Returns what it did. */
export function takeStep(world: World): string {
  const steps = stepsOf(world)
  const weights = steps.reduce((sum, step) => sum + step.weight, 0)
  for (;;) {
    let at = world.random.integer(weights)
    const step = steps.find(({ weight }) => (at -= weight) < 0)
    const what = step?.act(world)
    if (step === undefined || what === undefined) continue
    world.done.set(step.name, (world.done.get(step.name) ?? 0) + 1)
    return what
  }
}

function stepsOf({ hasForks, hasChanges, hasDevices }: World): readonly Step[] {
  if (hasForks) return STEPS_WITH_FORKS
  if (hasChanges) return STEPS_WITH_CHANGES
  return hasDevices ? STEPS_WITH_DEVICES : STEPS
}

/** Time that passes after a step: mostly so little that the next one meets what this one began. */
export function pauseAfter(random: SeededRandom): number {
  const kind = random.integer(100)
  if (kind < 35) return 0
  if (kind < 70) return random.integer(60)
  if (kind < 90) return random.integer(1_500)
  if (kind < 98) return random.integer(8_000)
  return random.integer(50_000)
}

function done(what: string, act: () => void = () => undefined): string {
  act()
  return what
}

function withMember(world: World, act: (peer: SimPeer) => string | undefined): string | undefined {
  const members = world.members()
  return members.length === 0 ? undefined : act(world.random.pick(members))
}

function sendMany(world: World, peer: SimPeer, count: number): string {
  for (let i = 0; i < count; i++) {
    const text = textOf(world, peer)
    const shown = naiveFold(world.ledger, peer.held).messages
    const replyTo = shown.length > 0 && world.random.integer(8) === 0 ? { replyTo: world.random.pick(shown).id } : {}
    const metadata =
      world.random.integer(6) === 0 ? { metadata: { mood: world.random.integer(5), loud: world.random.integer(2) === 1 } } : {}
    const { conversation } = peer
    world.call(
      peer,
      'sends',
      async () => conversation?.sendMessage({ text, ...replyTo, ...metadata }),
      (message) => {
        if (message === undefined || textOfPost(world, peer, message.id) !== text) {
          world.violate('I1', `${peer.name} was told that "${text}" is sent, and it is not on the disk`)
        }
      },
      racesOf(world),
    )
  }
  return `${peer.name} sends ${count}`
}

function edit(world: World, peer: SimPeer): string | undefined {
  const message = ownMessage(world, peer)
  if (message === undefined) return undefined
  const text = `${textOf(world, peer)} (edited)`
  const { conversation } = peer
  world.call(
    peer,
    'edits',
    async () => conversation?.updateMessage(message.id, { text, ...(world.random.integer(4) === 0 ? { metadata: { edited: true } } : {}) }),
    undefined,
    ['MessageNotFound', ...racesOf(world)],
  )
  return `${peer.name} edits ${short(message.id)}`
}

function remove(world: World, peer: SimPeer): string | undefined {
  const message = ownMessage(world, peer)
  if (message === undefined) return undefined
  const { conversation } = peer
  world.call(peer, 'deletes', async () => conversation?.deleteMessage(message.id), undefined, ['MessageNotFound', ...racesOf(world)])
  return `${peer.name} deletes ${short(message.id)}`
}

function setMetadata(world: World, peer: SimPeer): string {
  const key = world.random.pick(['colour', 'topic', 'count'])
  const value = world.random.pick([null, 'blue', `by ${peer.name}`, 7, world.random.integer(1_000), true])
  const { conversation } = peer
  world.call(peer, 'sets metadata', async () => conversation?.setMetadata({ [key]: value }), undefined, racesOf(world))
  return `${peer.name} sets ${key} to ${JSON.stringify(value)}`
}

function setTitle(world: World, peer: SimPeer): string {
  const title = `Picnic ${world.random.integer(100)}`
  const { conversation } = peer
  world.call(peer, 'sets the title', async () => conversation?.setTitle(title), undefined, racesOf(world))
  return `${peer.name} sets the title to ${title}`
}

function setProfile(world: World, peer: SimPeer): string {
  const name = `${peer.name} ${world.random.integer(100)}`
  world.call(peer, 'sets the profile', async () => peer.parley?.setProfile({ name }), undefined, racesOf(world))
  return `${peer.name} is now called ${name}`
}

function type(world: World, peer: SimPeer): string {
  // A frozen device refuses at once, and so does that of somebody who only reads.
  if (world.ledger.isForked(peer.deviceId) || peer.conversation?.role === 'reader') return `${peer.name} keeps quiet`
  if (world.random.integer(3) === 0) return done(`${peer.name} stops typing`, () => peer.conversation?.stopTyping())
  return done(`${peer.name} types`, () => peer.conversation?.startTyping())
}

function see(world: World, peer: SimPeer): string | undefined {
  const shown = naiveFold(world.ledger, peer.held).messages
  const target = shown.length > 0 && world.random.integer(3) === 0 ? world.random.pick(shown) : shown.at(-1)
  if (target === undefined) return undefined
  const { conversation } = peer
  // The message can be deleted before the call has looked it up.
  world.call(
    peer,
    'has seen',
    async () => conversation?.seen(target.id),
    () => void (peer.seen = [...peer.seen, target.id]),
    ['MessageNotFound', ...racesOf(world)],
  )
  return `${peer.name} has seen up to ${short(target.id)}`
}

function partition(world: World): string {
  const groups: string[][] = [[], [], []]
  const count = 2 + world.random.integer(2)
  // Names of peers that are yet to come are dealt out too.
  for (const name of new Set([...NAMES, ...world.peers.map((peer) => peer.name)])) groups[world.random.integer(count)]?.push(name)
  for (const network of world.networks) network.partition(...groups)
  const present = groups
    .map((group) => group.filter((name) => world.peers.some((peer) => peer.name === name)).join(' '))
    .filter((group) => group !== '')
  return `partition: ${present.join(' | ')}`
}

function heal(world: World): string {
  for (const network of world.networks) network.heal()
  return 'the networks heal'
}

function loseLink(world: World): string | undefined {
  const network = world.random.pick(world.networks)
  const channels = network.channels()
  if (channels.length === 0) return undefined
  const [a, b] = world.random.pick(channels)
  network.disconnect(a, b)
  return `the link of ${a} and ${b} is lost`
}

function changeLoss({ conditions, random }: World): string {
  conditions.loss = random.pick([0, 0, 0.002, 0.02])
  conditions.lossyFrames = conditions.loss === 0 ? 0 : MEAN_LOSSES / conditions.loss
  return `loss ${conditions.loss}`
}

function changeDisk(world: World): string {
  const peer = world.random.pick(world.peers)
  peer.disk.slownessMs = world.random.pick([0, 0, 3, 30])
  return `operations on the disk of ${peer.name} take up to ${peer.disk.slownessMs} ms`
}

function fillDisk(world: World): string {
  const peer = world.random.pick(world.peers)
  peer.disk.fullWrites = 1 + world.random.integer(3)
  return `the next ${peer.disk.fullWrites} writes of ${peer.name} find the disk full`
}

function changeClock(world: World): string {
  const peer = world.random.pick(world.peers)
  peer.skewMs = world.random.integer(40_000) - 20_000
  if (peer.clock !== undefined) peer.clock.skewMs = peer.skewMs
  return `the clock of ${peer.name} is ${peer.skewMs} ms off`
}

function crashNow(world: World): string | undefined {
  const up = world.peers.filter((peer) => peer.condition !== 'stopped')
  if (up.length < 2) return undefined
  return crash(world, world.random.pick(up))
}

function crash(world: World, peer: SimPeer): string {
  const kind = world.random.pick(['process', 'system'] as const)
  const framesArrive = world.random.integer(2) === 0
  peer.crash(kind, framesArrive)
  return `${peer.name} crashes (${kind}${framesArrive ? ', its last frames arrive' : ''})`
}

function crashAtWrite(world: World): string | undefined {
  const peer = world.random.pick(world.peers)
  if (peer.condition !== 'running' || peer.disk.isArmed) return undefined
  const writesLeft = 1 + world.random.integer(8)
  const isApplied = world.random.integer(2) === 0
  const kind = world.random.pick(['process', 'system'] as const)
  const framesArrive = world.random.integer(2) === 0
  peer.disk.crashAtWrite({
    writesLeft,
    isApplied,
    happen: () => {
      peer.crash(kind, framesArrive)
      world.log(`  ${peer.name} crashes (${kind})`)
    },
  })
  return `${peer.name} will crash (${kind}) at write ${writesLeft} from now, ${isApplied ? 'after' : 'before'} it is on the disk`
}

function closeOne(world: World): string | undefined {
  const up = world.peers.filter((peer) => peer.condition === 'running')
  if (up.length < 2) return undefined
  const peer = world.random.pick(up)
  // Calls that are under way when the application closes may be refused.
  peer.waiting.clear()
  world.call(peer, 'closes', () => peer.close())
  return `${peer.name} closes`
}

function restart(world: World): string | undefined {
  // A newcomer who waits for an invite has not been there yet.
  const down = world.peers.filter((peer) => peer.condition === 'stopped' && peer.runs > 0)
  if (down.length === 0) return undefined
  const peer = world.random.pick(down)
  startPeer(world, peer)
  return `${peer.name} starts again`
}

function newcomer(world: World): string | undefined {
  const founder = world.hasChanges ? admin(world) : world.peers[0]
  // Whom a forked device lets in would have to be invited again.
  if (founder === undefined || !founder.isMember || world.peers.some(({ backup, isSuspect }) => isSuspect || backup !== undefined))
    return undefined
  if (world.peers.length >= world.startedWith + MAX_NEWCOMERS) return undefined
  const peer = world.addPeer()
  inviteAndStart(world, founder, peer, racesOf(world))
  return `${founder.name} invites ${peer.name}`
}

/** Peers whose profile may be copied or restored: never the founder, who invites, and few enough that most can go on. */
function forkable(world: World): SimPeer[] {
  if (world.peers.some((peer, index) => index > 0 && !peer.wasMember)) return []
  const others = world.peers.slice(1)
  const suspects = new Set(others.filter(({ isSuspect }) => isSuspect).map(({ deviceId }) => deviceId))
  return suspects.size < MAX_SUSPECTS ? others : others.filter(({ isSuspect }) => isSuspect)
}

function backUp(world: World): string | undefined {
  const peers = forkable(world)
  if (peers.length === 0) return undefined
  const peer = world.random.pick(peers)
  peer.backup = peer.disk.backUp()
  return `${peer.name} is backed up`
}

function restoreBackup(world: World): string | undefined {
  const peers = forkable(world).filter(({ backup }) => backup !== undefined)
  if (peers.length === 0) return undefined
  const peer = world.random.pick(peers)
  if (peer.condition !== 'stopped') peer.crash('process', world.random.integer(2) === 0)
  peer.restore(peer.backup ?? [], peer)
  startPeer(world, peer)
  return `${peer.name} is restored from the backup`
}

function copyProfile(world: World): string | undefined {
  const peers = forkable(world).filter(({ original }) => original === undefined)
  if (peers.length === 0 || world.peers.some(({ original }) => original !== undefined)) return undefined
  const peer = world.random.pick(peers)
  const copy = world.addCopy(peer)
  // Mostly apart from each other, so that both can write before they know.
  if (world.random.integer(4) > 0) for (const network of world.networks) network.partition([copy.name], [peer.name])
  startPeer(world, copy)
  return `the profile of ${peer.name} is copied`
}

/** Where people are put out and lowered, or lose a device, calls can find that it has happened. */
function racesOf(world: World): readonly string[] {
  return world.hasChanges || world.hasDevices ? RACES : []
}

function ownMessage(world: World, peer: SimPeer): ExpectedMessage | undefined {
  const me = peer.parley?.me.id
  const own = naiveFold(world.ledger, peer.held).messages.filter((message) => message.author === me)
  if (own.length === 0) return undefined
  return world.random.integer(2) === 0 ? own.at(-1) : world.random.pick(own)
}

/** What this peer said in that message, as the ledger has it. It may have been edited since. */
function textOfPost(world: World, peer: SimPeer, id: MessageId): string | undefined {
  if (peer.deviceId === undefined) return undefined
  for (const { said } of world.ledger.log(peer.deviceId)) if (said.what === 'post' && said.id === id) return said.content.text
  return undefined
}

function textOf(world: World, peer: SimPeer): string {
  const { random } = world
  const text = random.integer(30) === 0 ? 'long '.repeat(random.integer(600)) : random.pick(TEXTS)
  return `${peer.name} ${random.integer(1_000_000)}: ${text}`
}

/** Enough of an id to find it in a log. */
export function short(id: string): string {
  return id.slice(0, 6) + id.slice(26, 34)
}
