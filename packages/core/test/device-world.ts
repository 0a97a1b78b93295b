/** Devices of one person in tests: opened anew, by a link code or by a phrase. */
import { nodeProvider } from '@parley/crypto/node'
import { createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { createEngine, type EngineInit, type Parley } from '../src/index.ts'
import { systemClock, until, type World } from './support.ts'

let seed = 1_000

/** What an engine takes that is on the network of that world as `name`. */
export function deviceInit(world: World, name: string): EngineInit {
  return {
    store: createMemoryStore(),
    transports: [world.network.transport(name)],
    crypto: nodeProvider(),
    clock: systemClock,
    random: seededRandom(seed++),
    logger: silentLogger(),
  }
}

/** A new device of the user of `old`. */
export async function addDevice(world: World, old: Parley, name: string, init: Partial<EngineInit> = {}): Promise<Parley> {
  const { link } = await old.linkDevice()
  const codes: string[] = []
  const made = createEngine({ ...deviceInit(world, name), ...init, link, deviceName: name, onShortCode: (code) => codes.push(code) })
  await Promise.race([made, until(() => old.deviceLink?.state === 'compare' && codes.length === 1)])
  await old.confirmDevice(codes[0]!)
  const device = await made
  world.peers.push(device)
  await until(() => old.deviceLink?.state === 'done')
  return device
}

/** A new profile that a phrase makes a device of its user. */
export async function recovered(world: World, name: string, words: readonly string[], init: Partial<EngineInit> = {}): Promise<Parley> {
  const parley = await createEngine({ ...deviceInit(world, name), ...init, recover: words })
  world.peers.push(parley)
  return parley
}
