/**
 * Whether everything on this disk is as it should be.
 */
import { ParleyError } from '@parley/protocol'
import { defineCommand } from '../command.ts'
import { findConversation } from '../resolve.ts'
import { oneLine } from '../text.ts'

export const verifyCommand = defineCommand<{ repair?: true }>({
  usage: 'verify [conversation]',
  summary: 'check what is stored: every signature, index and file; exit code 1 when something stays wrong',
  group: 'Peer',
  examples: [
    ['verify', 'the whole profile'],
    ['verify --repair', 'and rebuild, remove or fetch again what can be'],
  ],
  reach: 'here',
  options(command) {
    command.option('--repair', 'put right what can be')
  },
  async run({ parley, args: [wanted], options, print, signal }) {
    const only = wanted === undefined ? undefined : findConversation(parley, wanted).getId()
    const report = await parley.verify(only, { repair: options.repair === true, signal })
    const { conversations, entries, messages, files, damages } = report
    print.result(report, () =>
      [
        `${conversations} conversations, ${entries} entries, ${messages} messages, ${files} files`,
        ...damages.map(({ code, what, isRepaired }) => `${isRepaired ? 'repaired' : 'WRONG   '}  ${code}  ${oneLine(what)}`),
        ...(damages.length === 0 ? ['everything is as it should be'] : []),
      ].join('\n'),
    )
    const left = damages.filter(({ isRepaired }) => !isRepaired).length
    if (left === 0) return
    const advice = options.repair === true ? 'What is left cannot be put right here.' : 'Run `parley verify --repair`.'
    throw new ParleyError('StorageUnavailable', `${left} things are wrong with what is stored. ${advice}`)
  },
})
