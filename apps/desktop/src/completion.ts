/**
 * Scripts with which shells complete our commands and options. Made from the commands themselves, so that they know every one.
 */
import type { Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What follows such an option is the name of a file or folder. */
const TAKES_PATH: ReadonlySet<string> = new Set(['--profile', '--file'])

/** The script of a shell for this program and its commands. */
export function completionScript(program: Command, shell: Shell): string {
  const scripts: Record<Shell, (program: Command) => string> = { bash: bashScript, zsh: zshScript, fish: fishScript }
  return scripts[shell](program)
}

function bashScript(program: Command): string {
  const names = program.commands.map((command) => command.name())
  const cases = program.commands.map((command) => `    ${command.name()}) words=${quoted(flags(program, command).join(' '))} ;;`)
  return `_parley() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    --profile) ((i++)) ;;
    -*) ;;
    *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  COMPREPLY=()
  case $before in ${[...TAKES_PATH].join(' | ')}) return ;; esac
  case $command in
    '' | help) words=${quoted([...names, ...flags(program)].join(' '))} ;;
${cases.join('\n')}
  esac
  if [[ -z $command || $command == help || $word == -* ]]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$word")
  fi
}
complete -o default -F _parley parley`
}

function zshScript(program: Command): string {
  const describe = (command: Command): string => quoted(`${command.name()}:${command.summary()}`)
  const options = (all: readonly Option[]): string[] => all.map(zshOption)
  const cases = program.commands.map(
    (command) => `    ${command.name()}) _arguments ${[...options(optionsOf(program, command)), quoted('*:argument:_files')].join(' ')} ;;`,
  )
  return `#compdef parley
_parley() {
  local state line
  local -a commands
  commands=(
    ${program.commands.map(describe).join('\n    ')}
  )
  _arguments -C ${options(optionsOf(program)).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
_parley "$@"`
}

function fishScript(program: Command): string {
  const options = (all: readonly Option[], when: string): string[] =>
    all.map((option) => {
      const takes = option.required ? (TAKES_PATH.has(option.long ?? '') ? ' -r -F' : ' -x') : ''
      return `complete -c parley${when} -l ${(option.long ?? '').slice(2)}${takes} -d ${quoted(option.description)}`
    })
  return [
    'complete -c parley -e',
    ...options(optionsOf(program), ''),
    ...program.commands.flatMap((command) => [
      `complete -c parley -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.summary())}`,
      ...options([...command.options], ` -n ${quoted(`__fish_seen_subcommand_from ${command.name()}`)}`),
    ]),
  ].join('\n')
}

/** The options of a command and those of all. */
function optionsOf(program: Command, command?: Command): readonly Option[] {
  return [...(command?.options ?? []), ...program.options].filter(({ long }) => long !== undefined)
}

function flags(program: Command, command?: Command): string[] {
  return [...optionsOf(program, command).flatMap(({ long }) => long ?? []), '--help']
}

function zshOption({ long = '', description, required }: Option): string {
  const argument = required ? `:value:${TAKES_PATH.has(long) ? '_files' : ' '}` : ''
  return quoted(`*${long}[${description.replace(/[[\]\\:]/g, String.raw`\$&`)}]${argument}`)
}

/** For a POSIX shell, zsh and fish alike. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
