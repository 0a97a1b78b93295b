/**
 * Runs a command line: by the running peer of the profile when there is one, else here, with an engine of its own.
 */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Parley } from '@parley/core'
import { isParleyError, ParleyError } from '@parley/protocol'
import { attach, runAttached } from './attach/client.ts'
import { serveCommands } from './attach/server.ts'
import type { AttachServer } from './attach/server.ts'
import type { Call } from './command.ts'
import { untilAborted } from './input.ts'
import { Printer } from './printer.ts'
import type { Io } from './printer.ts'
import { defaultProfile, makeProfile, socketPath } from './profile.ts'
import { parseArgv, wantsJson } from './program.ts'
import type { Invocation } from './program.ts'

/** How long a command waits for others to let go of the profile: several short ones in a row, on a busy machine. */
const LOCK_WAIT_MS = 10_000
/** What a device calls itself: the name of the computer, cut to what is allowed. */
const MAX_DEVICE_NAME = 64
/** Between two attempts: short beside the start of a process. */
const LOCK_RETRY_MS = 100

/** What `createParley` is asked for. */
export interface EngineInit {
  profile: string
  listen?: string[]
  peers?: string[]
  relays?: string[]
  rendezvous?: string[]
  mdns?: boolean
  webRtc?: boolean
  iceServers?: { urls: string[] }[]
  offline?: boolean
  link?: string
  recover?: readonly string[]
  deviceName?: string
  onShortCode?: (code: string) => void
  signal?: AbortSignal
}

export type OpenEngine = (init: EngineInit) => Promise<Parley>

/** Runs a command line to its end and answers the exit code. Every failure is printed; nothing is thrown. */
export async function runCli(argv: readonly string[], io: Io, signal: AbortSignal, openEngine: OpenEngine): Promise<0 | 1> {
  return reporting(argv, io, async () => {
    const invocation = parseArgv(argv)
    if ('help' in invocation) {
      io.out(invocation.help)
      return 0
    }
    const { spec, program, args, isJson } = invocation
    if (spec.describe !== undefined) {
      spec.describe(program, args, new Printer(io, isJson))
      return 0
    }
    return runInvocation(argv, invocation, io, signal, openEngine)
  })
}

async function runInvocation(
  argv: readonly string[],
  invocation: Invocation,
  io: Io,
  signal: AbortSignal,
  openEngine: OpenEngine,
): Promise<0 | 1> {
  const profile = await makeProfile(invocation.profile ?? defaultProfile())
  const path = await socketPath(profile)
  const init = { ...engineInit(invocation, profile), ...becoming(invocation, io, signal) }
  for (const end = Date.now() + LOCK_WAIT_MS; ; await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS))) {
    const peer = await attach(path)
    if (peer !== undefined) return runAttached(peer, argv, io, signal)
    const parley = await openUnlessLocked(openEngine, init)
    if (parley !== undefined) return runHere(invocation, parley, init, path, io, signal)
    if (Date.now() >= end || signal.aborted) break
  }
  const message = `Another parley command is using the profile ${profile}. Try again when it has ended, or keep \`parley daemon\` running, which serves all.`
  throw new ParleyError('ProfileLocked', message)
}

async function openUnlessLocked(openEngine: OpenEngine, init: EngineInit): Promise<Parley | undefined> {
  try {
    return await openEngine(init)
  } catch (error) {
    if (isParleyError(error, 'ProfileLocked')) return undefined
    throw error
  }
}

function engineInit({ spec, options, isOffline }: Invocation, profile: string): EngineInit {
  const ways = {
    listen: [...(options.listen ?? spec.listen ?? [])],
    peers: options.peer ?? [],
    relays: options.relay ?? [],
    rendezvous: options.rendezvous ?? [],
  }
  const given = Object.fromEntries(Object.entries(ways).filter(([, values]) => values.length > 0))
  const isOnline = !isOffline && (spec.reach !== 'here' || Object.keys(given).length > 0)
  if (!isOnline) return { profile, offline: true }
  const { mdns = true, webrtc = true, stun } = options
  return { profile, ...given, mdns, ...(webrtc ? {} : { webRtc: false }), ...(stun === undefined ? {} : { iceServers: [{ urls: stun }] }) }
}

/** What makes a new profile a device of somebody; the code that both devices show is said as soon as it is known. */
function becoming({ spec, args, isJson }: Invocation, io: Io, signal: AbortSignal): Partial<EngineInit> {
  const how = spec.becomes?.(args)
  if (how === undefined) return {}
  const print = new Printer(io, isJson)
  const onShortCode = (code: string): void => print.result({ code }, () => `Type this on your other device: ${code}`)
  return { ...how, deviceName: hostname().slice(0, MAX_DEVICE_NAME), onShortCode, signal }
}

async function runHere(
  invocation: Invocation,
  parley: Parley,
  init: EngineInit,
  path: string,
  io: Io,
  signal: AbortSignal,
): Promise<0 | 1> {
  const isOnline = init.offline !== true
  const stopReporting = parley.on('error', (error) => io.err(`parley: ${error.message}`))
  let server: AttachServer | undefined
  try {
    if (invocation.spec.reach === 'serves') {
      server = await serveCommands(path, (argv, theirs, theirSignal) =>
        runForOther(argv, theirs, theirSignal, { parley, profile: init.profile, isOnline }),
      )
    }
    await execute(invocation, { parley, profile: init.profile, io, signal, isAttached: false, isOnline })
    return 0
  } finally {
    await server?.close()
    stopReporting()
    await parley.close()
  }
}

/** Runs a command line that another process sent here. */
async function runForOther(
  argv: readonly string[],
  io: Io,
  signal: AbortSignal,
  { parley, profile, isOnline }: Pick<Place, 'parley' | 'profile' | 'isOnline'>,
): Promise<0 | 1> {
  return reporting(argv, io, async () => {
    const invocation = parseArgv(argv)
    if ('help' in invocation) throw new ParleyError('InvalidArgument', 'Help needs no running peer.')
    const { spec, options, isOffline } = invocation
    if (spec.ownsProfile === true || spec.becomes?.(invocation.args) !== undefined)
      throw new ParleyError('ProfileLocked', 'A peer of this profile runs already.')
    if (options.listen !== undefined || options.relay !== undefined || options.rendezvous !== undefined || isOffline)
      io.err('A running peer owns this profile; --listen, --relay, --rendezvous and --offline are its own to choose.')
    if (isOnline) await Promise.all((options.peer ?? []).map((address) => parley.connect(address, { signal })))
    await execute(invocation, { parley, profile, io, signal, isAttached: true, isOnline })
    return 0
  })
}

interface Place extends Pick<Call<never>, 'parley' | 'profile' | 'signal' | 'isAttached' | 'isOnline'> {
  readonly io: Io
}

async function execute({ spec, args, options, isJson }: Invocation, { io, ...place }: Place): Promise<void> {
  const print = new Printer(io, isJson)
  const input = (): AsyncIterable<string> => untilAborted(io.input(), place.signal)
  const path = (text: string): string => resolve(io.folder, text)
  // The options are those that this very command has declared.
  const { openScreen } = io
  await spec.run({ ...place, args, options: options as never, print, input, path, openScreen, isJson })
}

async function reporting(argv: readonly string[], io: Io, action: () => Promise<0 | 1>): Promise<0 | 1> {
  try {
    return await action()
  } catch (error) {
    new Printer(io, wantsJson(argv)).failure(error)
    return 1
  }
}
