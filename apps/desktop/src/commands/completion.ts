/**
 * Completion of commands and options, for shells.
 */
import { completionScript, SHELLS } from '../completion.ts'
import { defineCommand } from '../command.ts'
import { oneOf } from '../values.ts'

export const completionCommand = defineCommand({
  usage: 'completion <shell>',
  summary: `a script that lets a shell complete commands and options: ${SHELLS.join(', ')}`,
  group: 'Peer',
  examples: [
    ['completion bash', 'append it to ~/.bashrc, or put it as parley into ~/.local/share/bash-completion/completions'],
    ['completion zsh', 'put it as _parley into a folder of $fpath'],
    ['completion fish', 'put it as parley.fish into ~/.config/fish/completions'],
  ],
  reach: 'here',
  describe(program, [shell], print) {
    const script = completionScript(program, oneOf(SHELLS)(shell as string))
    print.result({ shell, script }, () => script)
  },
})
