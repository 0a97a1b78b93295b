/**
 * The simulator: peers of the real core on memory stores and a memory network, one fake clock, one seed for everything. Invariants are
 * checked after every step; in the end everything heals, and everybody must show the same.
 *
 *     const report = await simulate({ seed: 7, crypto: nodeProvider() })
 *     if (report.violations.length > 0) console.log(report.repro, report.violations[0])
 */
import type { CryptoProvider } from '@parley/crypto'
import { toBase32, utf8 } from '@parley/protocol'
import { checkEnd } from './end.ts'
import { naiveFold } from './naive-fold.ts'
import type { Sabotage } from './sim-peer.ts'
import { addSecondDevice } from './device-steps.ts'
import { inviteAndStart } from './member-steps.ts'
import { startPeer } from './start.ts'
import { pauseAfter, takeStep } from './steps.ts'
import { explain, World, type Violation } from './world.ts'

/** What to simulate. The same options give the same report, byte for byte. */
export interface SimulationOptions {
  /** A whole number. */
  seed: number
  /** Default 300. */
  steps?: number
  /** Peers at the beginning, at least 2; up to two more join later. Default 5. */
  peers?: number
  /** The provider that all peers use; its native speed is welcome. */
  crypto: CryptoProvider
  /** Whether profiles are copied and restored from backups, so that devices fork. Default false. */
  forks?: boolean
  /** Whether people are put out, leave, come back and change roles. Not together with `forks`. Default false. */
  changes?: boolean
  /**
   * Whether one user has two devices, which write at the same time, apart and together, until one of them is lost. Alone, without the other two.
   * Default false.
   */
  devices?: boolean
  /** Hears the log while it grows. */
  onLine?: (line: string) => void
  /** Breaks a store or a transport, to show that the simulator notices. */
  sabotage?: Sabotage
}

/** What came of it. */
export interface SimulationReport {
  /** The command that repeats this run. */
  readonly repro: string
  /** Empty when all went well; the run ends with the step of the first one. */
  readonly violations: readonly Violation[]
  /** What happened, a line for every step and every outcome. */
  readonly log: readonly string[]
  /** Hash over the log and what the peers showed in the end: equal for equal runs. */
  readonly digest: string
  /** Entries written and milliseconds simulated. */
  readonly entries: number
  readonly simulatedMs: number
  /** How often each kind of step was done. */
  readonly steps: Readonly<Record<string, number>>
}

export const DEFAULT_STEPS = 300
export const DEFAULT_PEERS = 5
/** Joining takes some seconds; a group that is not complete after so long never will be. */
const MAX_SETUP_MS = 60_000
/** After healing, peers find each other and compare heads within this time (reconnect, redial, and twice the 30 s between comparisons). */
const MAX_QUIET_MS = 180_000
const LOOK_EVERY_MS = 5_000
/** Copies of profiles are up together for so long in the end. */
const MEETING_MS = 40_000
/** Long enough for every peer to have heard a sign of life of every other, and for acknowledgements. */
const AFTERGLOW_MS = 45_000

/** Runs one simulation. Settles when it is over; a violation is in the report, not thrown. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, steps = DEFAULT_STEPS, peers = DEFAULT_PEERS, crypto, onLine = () => undefined, sabotage = {} } = options
  const { forks = false, changes = false, devices = false } = options
  if (Number(forks) + Number(changes) + Number(devices) > 1)
    throw new RangeError('a simulation has forks, changes of members or two devices of a user')
  const kind = forks ? ' --forks' : changes ? ' --changes' : devices ? ' --devices' : ''
  const world = new World({ seed, forks, changes, devices, crypto, sabotage, onLine })
  const onUnhandled = (reason: unknown): void => world.violate('I6', `unhandled rejection: ${explain(reason)}`)
  process.on('unhandledRejection', onUnhandled)
  let shown = ''
  try {
    await setUp(world, peers)
    for (let step = 1; step <= steps && world.violations.length === 0; step++) {
      world.log(`${step}. at ${world.elapsedMs} ms: ${takeStep(world)}`)
      await world.clock.advance(pauseAfter(world.random))
      await world.check()
    }
    if (world.violations.length === 0) shown = await end(world)
  } catch (error) {
    world.violate('simulator', explain(error))
  } finally {
    for (const peer of world.peers) peer.crash('process', false)
    await world.settle()
    process.off('unhandledRejection', onUnhandled)
  }
  return {
    repro: `npm run simulate -- --seed ${seed} --steps ${steps} --peers ${peers}${kind}`,
    violations: world.violations,
    log: world.lines,
    digest: toBase32(crypto.sha256(utf8([...world.lines, shown].join('\n')))),
    entries: world.ledger.size,
    simulatedMs: world.elapsedMs,
    steps: Object.fromEntries(world.done),
  }
}

/** A group of everybody, in sync. */
async function setUp(world: World, count: number): Promise<void> {
  world.startedWith = count
  const peers = Array.from({ length: count }, () => world.addPeer())
  const [founder, ...others] = peers
  if (founder === undefined || others.length === 0) throw new RangeError('a simulation needs two peers at least')
  await founder.start()
  const group = await founder.parley?.createGroup({ title: 'Picnic', metadata: { colour: 'green' } })
  if (group !== undefined) founder.listen(group)
  for (const other of others) inviteAndStart(world, founder, other)
  await world.clock.advanceUntil(
    () =>
      peers.every(
        (peer) =>
          peer.isMember && peer.conversation?.members().every((m) => m.name !== '') && peer.conversation.getMembers().length === count,
      ),
    MAX_SETUP_MS,
  )
  if (world.hasDevices) await addSecondDevice(world)
  await world.check()
  world.log(`${count} peers, ${world.networks.length} ${world.networks.length === 1 ? 'network' : 'networks'}`)
}

/** Starts all copies of profiles for a while; then one of each stays, for a device is one to its peers. */
async function meetCopies(world: World): Promise<void> {
  const copies = world.peers.filter(({ original }) => original !== undefined)
  if (copies.length === 0) return
  for (const peer of world.peers) if (peer.condition === 'stopped' && peer.runs > 0) startPeer(world, peer)
  for (let waited = 0; waited < MEETING_MS && world.violations.length === 0; waited += LOOK_EVERY_MS) {
    await world.clock.advance(LOOK_EVERY_MS)
    await world.check()
  }
  for (const copy of copies) {
    const { original = copy } = copy
    const gone = original.isGone || world.random.integer(2) === 0 ? copy : original
    gone.isGone = true
    if (gone.condition !== 'stopped') gone.crash('process', true)
    world.log(`${gone.name} stays away`)
  }
}

/** Mends everything and waits until nothing is missing anywhere. Returns what everybody shows then. */
async function end(world: World): Promise<string> {
  world.log(`at ${world.elapsedMs} ms: everything is mended`)
  world.conditions.latencyMs = 5
  world.conditions.loss = 0
  for (const network of world.networks) network.heal()
  for (const peer of world.peers) peer.disk.mend()
  await world.clock.advance(1_000)
  await meetCopies(world)
  for (const peer of world.peers) if (peer.condition === 'stopped' && peer.runs > 0 && !peer.isGone) startPeer(world, peer)
  const isLevel = (): boolean => {
    const present = world.present()
    const vectors = present
      .filter((peer) => !world.ledger.isForked(peer.deviceId))
      .map((peer) => (peer.isMember ? naiveFold(world.ledger, peer.held).held : peer.name))
    const others = world.members().filter((peer) => !present.includes(peer) && !peer.isDeaf && !peer.isGone)
    return new Set(vectors).size === 1 && others.length === 0
  }
  const until = world.elapsedMs + MAX_QUIET_MS
  while (!isLevel() && world.elapsedMs < until && world.violations.length === 0) {
    await world.clock.advance(LOOK_EVERY_MS)
    await world.check()
  }
  world.log(`at ${world.elapsedMs} ms: ${isLevel() ? 'level' : 'not level'}`)
  await world.clock.advance(AFTERGLOW_MS)
  const shown = await world.check(true)
  if (world.violations.length > 0) return ''
  return checkEnd(world, shown)
}
