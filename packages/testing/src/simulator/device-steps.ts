/** One user with two devices: both write, also at once while they do not hear each other, until one of them is lost. */
import { mark, react, RACES } from './member-steps.ts'
import { naiveFold } from './naive-fold.ts'
import type { SimPeer } from './sim-peer.ts'
import type { Step } from './steps.ts'
import type { World } from './world.ts'

/** Linking two devices, and bringing the new one into the group, takes some seconds. */
const MAX_LINKING_MS = 60_000
/** So often the devices change one message at once before one of them can be lost. */
const LEAST_AT_ONCE = 2
const AT_ONCE = 'both at once'
const EMOJI = '👍'

export const DEVICE_STEPS: readonly Step[] = [
  { name: 'react', weight: 12, act: react },
  { name: 'hide or pin', weight: 3, act: mark },
  { name: AT_ONCE, weight: 16, act: changeAtOnce },
  { name: 'part the devices', weight: 4, act: partDevices },
  { name: 'lose a device', weight: 6, act: loseDevice },
]

/** Makes a new peer a device of the user of the second one. */
export async function addSecondDevice(world: World): Promise<void> {
  const old = world.peers[1]
  if (old?.parley === undefined) throw new RangeError('nobody whose device it could be')
  const { parley } = old
  const device = world.addPeer()
  device.sibling = old
  old.sibling = device
  let code: string | undefined
  let isConfirmed = false
  const onShortCode = (shown: string): void => void (code = shown)
  world.call(
    old,
    'makes a link code',
    () => parley.linkDevice(),
    ({ link }) => world.call(device, 'starts', () => device.start({ link, onShortCode })),
  )
  await world.clock.advanceUntil(() => {
    if (code !== undefined && !isConfirmed && parley.deviceLink?.state === 'compare') {
      isConfirmed = true
      const shown = code
      world.call(old, 'confirms the new device', () => parley.confirmDevice(shown))
    }
    return device.isMember
  }, MAX_LINKING_MS)
}

function pair(world: World): readonly [SimPeer, SimPeer] | undefined {
  const old = world.peers.find(({ sibling }) => sibling !== undefined)
  return old?.sibling === undefined ? undefined : [old, old.sibling]
}

/** Each device edits, deletes or reacts to the same message of their user, before it can know what the other does. */
function changeAtOnce(world: World): string | undefined {
  const devices = pair(world)
  if (devices === undefined || devices.some(({ isDeaf, isMember }) => isDeaf || !isMember)) return undefined
  const [a, b] = devices.map(({ held }) => naiveFold(world.ledger, held).messages)
  const theirs = new Set(b!.map(({ id }) => id))
  const shared = a!.filter(({ id, author }) => author === devices[0].user && theirs.has(id))
  if (shared.length === 0) return undefined
  const { id } = world.random.pick(shared)
  const changes = devices.map(({ name, conversation }): readonly [what: string, call: () => Promise<unknown> | undefined] => {
    const kind = world.random.integer(7)
    if (kind < 3) return ['edits', () => conversation?.updateMessage(id, { text: `as ${name} has it` })]
    if (kind < 4) return ['deletes', () => conversation?.deleteMessage(id)]
    return kind < 6 ? ['reacts', () => conversation?.react(id, EMOJI)] : ['takes a reaction back', () => conversation?.unreact(id, EMOJI)]
  })
  for (const [index, [what, call]] of changes.entries()) world.call(devices[index]!, what, async () => call(), undefined, RACES)
  return `${devices.map(({ name }, index) => `${name} ${changes[index]![0]}`).join(' and ')} the same message at once`
}

/** The two do not hear each other, and each of them some of the others. */
function partDevices(world: World): string | undefined {
  const devices = pair(world)
  if (devices === undefined) return undefined
  const groups: [string[], string[]] = [[devices[0].name], [devices[1].name]]
  for (const peer of world.peers) if (!devices.includes(peer)) groups[world.random.integer(2)]!.push(peer.name)
  for (const network of world.networks) network.partition(...groups)
  return `partition: ${groups.map((group) => group.join(' ')).join(' | ')}`
}

/** Once in a simulation: whoever has it now has patched it, so that it hears nothing and goes on writing; the other one removes it. */
function loseDevice(world: World): string | undefined {
  const devices = pair(world)
  if (devices === undefined || devices.some(({ isDeaf, isMember }) => isDeaf || !isMember)) return undefined
  if ((world.done.get(AT_ONCE) ?? 0) < LEAST_AT_ONCE) return undefined
  const [lost, kept] = world.random.integer(2) === 0 ? devices : [devices[1], devices[0]]
  const { parley } = kept
  const { deviceId } = lost
  lost.isDeaf = true
  world.call(kept, `removes ${lost.name}`, async () => parley?.removeDevice(deviceId!), undefined, RACES)
  return `${lost.name} is lost, and ${kept.name} removes it`
}
