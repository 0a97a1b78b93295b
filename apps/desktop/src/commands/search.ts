/**
 * Finding messages by their words.
 */
import { ParleyError } from '@parley/protocol'
import { defineCommand } from '../command.ts'
import { formatResults } from '../format.ts'
import { findConversation, findPerson } from '../resolve.ts'
import { parseCount, parseDate } from '../values.ts'

interface SearchCommandOptions {
  author?: string
  files?: true
  before?: Date
  after?: Date
  limit?: number
  cursor?: string
  ids?: true
}

export const searchCommand = defineCommand<SearchCommandOptions>({
  usage: 'search <conversation> <words...>',
  summary: 'find messages by words of their text and the names of their files, the newest first',
  group: 'Messages',
  examples: [
    ['search hike boots', 'words that begin so, in any case and with any accents'],
    ['search hike map --files --author bob', 'in messages with files that bob wrote'],
    ['search hike boots --after 2025-06-01 --limit 100', 'since then, at most a hundred'],
  ],
  reach: 'here',
  options(command) {
    command.option('--author <person>', 'only what this member wrote: a name, or an id')
    command.option('--files', 'only messages with files')
    command.option('--before <date>', 'sent before then: 2025-06-01, or with a time', parseDate)
    command.option('--after <date>', 'sent then or later', parseDate)
    command.option('--limit <n>', 'how many, at most 100 (default 25)', parseCount)
    command.option('--cursor <cursor>', 'goes on where an earlier search ended, which said so')
    command.option('--ids', 'show the id of each message; with --json it is there anyway')
  },
  async run({ parley, args, options, print, signal }) {
    const [wanted, ...words] = args as [string, ...string[]]
    const { author, files, before, after, limit, cursor } = options
    if (words.join('').trim() === '') throw new ParleyError('InvalidArgument', 'Say what to look for.')
    const conversation = findConversation(parley, wanted)
    const people = [...conversation.members(), ...conversation.formerMembers()]
    const results = await conversation.search(words.join(' '), {
      ...(author === undefined ? {} : { author: findPerson(people, author, 'NotFound', 'See `parley members`.').id }),
      ...(files === undefined ? {} : { hasAttachment: true }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      signal,
    })
    print.result(results, () => formatResults(results, print.terminal, { ids: options.ids === true }))
  },
})
