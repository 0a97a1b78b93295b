/**
 * What a command is. Each is one function, which neither knows nor cares whether it runs in the process that was started for it or in the
 * daemon on behalf of another.
 */
import type { Command } from 'commander'
import type { Parley } from '@parley/core'
import type { Printer } from './printer.ts'
import type { OpenScreen } from './screen.ts'
import { collect, parseWait } from './values.ts'

/** One run of a command. */
export interface Call<Options> {
  readonly parley: Parley
  readonly args: readonly string[]
  readonly options: Options
  readonly print: Printer
  /** Standard input in pieces; nothing is read before. */
  input(): AsyncIterable<string>
  /** The absolute path that was meant by one on the command line. */
  path(text: string): string
  /** Takes the whole terminal over; undefined where there is none. */
  readonly openScreen: OpenScreen | undefined
  /** True when results are for a program. */
  readonly isJson: boolean
  /** The folder of the profile. */
  readonly profile: string
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal
  /** True when a peer that stays online after this command runs it. */
  readonly isAttached: boolean
  /** False when the engine was opened for reading and writing here only. */
  readonly isOnline: boolean
}

export interface NetworkOptions {
  listen?: string[]
  peer?: string[]
  relay?: string[]
  rendezvous?: string[]
  /** Servers to ask for the address that others see. */
  stun?: string[]
  /** False with `--no-mdns`. */
  mdns?: boolean
  /** False with `--no-webrtc`. */
  webrtc?: boolean
}

export interface WaitOptions {
  /** Milliseconds. */
  wait?: number
}

/** Headings of the help. */
export type CommandGroup = 'You' | 'People' | 'Conversations' | 'Members' | 'Messages' | 'Files' | 'Peer'

/** A command as the rest of the program sees it. */
export interface CommandSpec {
  /** Name and arguments as commander writes them: `send <conversation> [text]`. */
  readonly usage: string
  readonly summary: string
  /** The heading that the help shows it under. */
  readonly group: CommandGroup
  /** Command lines, without `parley`, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** `here`: the engine stays offline unless addresses are given; `online`: it connects; `serves`: it also serves other commands meanwhile. */
  readonly reach: 'here' | 'online' | 'serves'
  /** Addresses listened on when none is given. */
  readonly listen?: readonly string[]
  /** Refused by a running peer instead of run by it. */
  readonly ownsProfile?: true
  /** When these words make a new profile a device of somebody, how: then the profile is opened so, and by no running peer. */
  readonly becomes?: (args: readonly string[]) => { readonly link: string } | { readonly recover: readonly string[] } | undefined
  readonly options?: (command: Command) => void
  /** Instead of `run`: what it says comes from the command line itself, with no profile and no peer. */
  readonly describe?: (program: Command, args: readonly string[], print: Printer) => void
  run(call: Call<never>): Promise<void>
}

/** Types the options of a command; that they match what `options` declares is for its author to see to. */
export function defineCommand<Options extends object = object>(
  spec: Omit<CommandSpec, 'run' | 'describe'> & ({ run(call: Call<Options>): Promise<void> } | Required<Pick<CommandSpec, 'describe'>>),
): CommandSpec {
  return 'run' in spec ? spec : { ...spec, run: async () => Promise.resolve() }
}

/** `--listen`, `--peer`, `--relay`, `--rendezvous` and `--stun`, each as often as wanted, `--no-mdns` and `--no-webrtc`. */
export function addNetworkOptions(command: Command): void {
  command.option(
    '--listen <multiaddr>',
    'accept connections there, such as /ip4/0.0.0.0/tcp/4001, or with /ws at its end from browsers; repeatable',
    collect,
  )
  command.option('--peer <multiaddr>', 'connect to the peer there; repeatable', collect)
  command.option('--relay <multiaddr>', 'be reached through the circuit relay there, and reach others; repeatable', collect)
  command.option('--rendezvous <url>', 'meet members at that ws: or wss: address; repeatable', collect)
  command.option('--stun <url>', 'ask the stun: server there how routers show this peer, for a way past the relay; repeatable', collect)
  command.option('--no-mdns', 'do not look for members on the local network')
  command.option('--no-webrtc', 'stay with a relay instead of looking for a way past it')
}

export function addWaitOption(command: Command, what: string): void {
  command.option('--wait <duration>', what, parseWait)
}
