import type { Conversation, FilesInit, Message, SendMessageInit } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { MessageId } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { lingerUntilDelivered } from '../delivery.ts'
import { formatMessage } from '../format.ts'
import { readAll, readLines } from '../input.ts'
import { progressNotes } from '../progress.ts'
import { findConversation } from '../resolve.ts'
import { addMetadata, collect } from '../values.ts'
import type { MetadataInput } from '../values.ts'

/** Messages on their way to the disk at once: they share one durable write, and their order is the order of the calls. */
const BATCH_MESSAGES = 256

interface SendOptions extends NetworkOptions, WaitOptions {
  lines?: true
  meta?: MetadataInput
  reply?: string
  file?: string[]
}

export const sendCommand = defineCommand<SendOptions>({
  usage: 'send <conversation> [text]',
  summary: 'send a message; ends once it is safely on this disk',
  group: 'Messages',
  examples: [
    ['send hike "see you at nine"', 'one message'],
    ['send hike - < letter.txt', 'the text comes from standard input'],
    ['send hike "the map" --file map.pdf --file cover.png', 'with files; the text may be left out'],
    ['send log --lines --meta host=web1', 'one message for each line of standard input'],
    ['send hike "hello" --peer /ip4/192.0.2.7/tcp/4001 --wait 30s', 'stays until a member has it'],
  ],
  reach: 'online',
  options(command) {
    command.option('--lines', 'one message for each line of standard input')
    command.option('--meta <key=value>', 'metadata; repeatable', addMetadata)
    command.option('--file <path>', 'a file to send, at most 10; repeatable', collect)
    command.option('--reply <message>', 'the message that this answers')
    addNetworkOptions(command)
    addWaitOption(command, 'stay until a member has it, at most so long (default 2s when there is somebody to reach, else not)')
  },
  async run(call) {
    const [wanted, text] = call.args as [string, string?]
    const isLines = call.options.lines === true
    if (isLines && text !== undefined && text !== '-')
      throw new ParleyError('InvalidArgument', 'With --lines the text comes from standard input; leave it out.')
    if (isLines && call.options.file !== undefined)
      throw new ParleyError('InvalidArgument', 'With --lines every line is a message; send files by themselves.')
    const conversation = findConversation(call.parley, wanted)
    const last = isLines ? await sendLines(call, conversation) : await sendOne(call, conversation, text)
    if (last !== undefined) await lingerUntilDelivered(call, conversation, last.id)
  },
})

async function sendOne(call: Call<SendOptions>, conversation: Conversation, text: string | undefined): Promise<Message> {
  const read = text === '-' ? (await readAll(call.input())).replace(/\r?\n$/, '') : text
  const message = await conversation.sendMessage({
    ...(read === undefined ? {} : { text: read }),
    ...extras(call.options),
    ...files(call),
  })
  report(call, message)
  return message
}

/** Sends what has come of standard input without waiting for more, so that it works for a person at a keyboard and for a pipe full of lines. */
async function sendLines(call: Call<SendOptions>, conversation: Conversation): Promise<Message | undefined> {
  let last: Message | undefined
  let empty = 0
  for await (const lines of readLines(call.input())) {
    const texts = lines.filter((line) => line !== '')
    empty += lines.length - texts.length
    for (let i = 0; i < texts.length && !call.signal.aborted; i += BATCH_MESSAGES) {
      const batch = texts.slice(i, i + BATCH_MESSAGES).map((text) => conversation.sendMessage({ text, ...extras(call.options) }))
      const outcomes = await Promise.allSettled(batch)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') throw outcome.reason
        last = outcome.value
        report(call, last)
      }
    }
  }
  if (call.signal.aborted) throw new ParleyError('Aborted', 'Interrupted. What was printed is stored; the lines after it were not sent.')
  if (empty > 0) call.print.note(`${empty} empty lines were left out.`)
  return last
}

function extras({ meta, reply }: SendOptions): Pick<SendMessageInit, 'metadata' | 'replyTo'> {
  const metadata = meta === undefined ? {} : { metadata: withoutNull(meta) }
  return { ...metadata, ...(reply === undefined ? {} : { replyTo: reply as MessageId }) }
}

/** The files of `--file`, sealed with progress on standard error until an interrupt. */
export function files({ options, path, print, signal }: Call<{ file?: string[] }>): FilesInit {
  if (options.file === undefined) return {}
  const what = options.file.length === 1 ? (options.file[0] as string) : `${options.file.length} files`
  return { file: options.file.map((one) => ({ path: path(one) })), signal, onProgress: progressNotes(print, 'sealing', what) }
}

/** There is nothing to remove from a message that is new. */
function withoutNull(meta: MetadataInput): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(meta).flatMap(([key, value]) => (value === null ? [] : [[key, value]])))
}

function report({ print }: Call<SendOptions>, message: Message): void {
  print.result(message, () => formatMessage(message, print.terminal))
}
