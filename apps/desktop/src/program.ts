/**
 * From words on a command line to a command and its options. Pure: the daemon reads the words of others with it.
 */
import { Command, CommanderError } from 'commander'
import { ParleyError } from '@parley/protocol'
import type { CommandSpec, NetworkOptions } from './command.ts'
import { COMMANDS } from './commands.ts'

/** A command line, understood. */
export interface Invocation {
  readonly spec: CommandSpec
  /** With all its commands, for those that tell about it. */
  readonly program: Command
  readonly args: readonly string[]
  readonly options: NetworkOptions
  readonly profile: string | undefined
  readonly isJson: boolean
  readonly isOffline: boolean
}

interface GlobalOptions {
  profile?: string
  json?: true
  offline?: true
}

/** The command that these words mean, or the help that they ask for. @throws {InvalidArgument} with what is wrong about them */
export function parseArgv(argv: readonly string[]): Invocation | { help: string } {
  let invocation: Invocation | undefined
  let printed = ''
  const program = new Command('parley')
    .description('Chat with no server: peer to peer, encrypted, kept on your own disk.')
    .option('--profile <folder>', 'the folder that is you on this device (default: where the system keeps data of applications)')
    .option('--json', 'one JSON object a line on standard output, errors as {"error":{"code","message"}}')
    .option('--offline', 'connect to nobody')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: (text) => (printed += text) })
    .showSuggestionAfterError()
    .helpCommand('help [command]', 'how a command is used')
    .addHelpText('after', '\nCONVERSATION is an id, the beginning of one, or a title. Durations are written 30s, 5m, 7d.')
  for (const spec of COMMANDS) {
    const command = program.command(spec.usage).helpGroup(`${spec.group}:`).summary(spec.summary).description(spec.summary)
    spec.options?.(command)
    command.addHelpText('after', exampleText(spec))
    command.action(() => {
      const { profile, json, offline } = program.opts<GlobalOptions>()
      invocation = {
        spec,
        program,
        args: command.args,
        options: command.opts(),
        profile,
        isJson: json === true,
        isOffline: offline === true,
      }
    })
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Without any command the help is printed as an error, which is no way to meet somebody.
    if (error.exitCode === 0 || error.code === 'commander.help') return { help: printed.trimEnd() }
    throw new ParleyError('InvalidArgument', printed.trim().replace(/^error: /, '') || error.message, { cause: error })
  }
  if (invocation === undefined) throw new ParleyError('InvalidArgument', 'Name a command; `parley --help` shows them.')
  return invocation
}

/** Whether errors are for a program, even when the words cannot be understood. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

function exampleText(spec: CommandSpec): string {
  const lines = spec.examples.map(([line, does]) => `  parley ${line}\n      ${does}`)
  return `\nExamples:\n${lines.join('\n')}`
}
