/**
 * Attached files: what there is, and bringing one here.
 */
import type { Attachment, FetchOptions } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { formatAttachment } from '../format.ts'
import { progressNotes, sizeText } from '../progress.ts'
import { findAttachment, findConversation } from '../resolve.ts'
import { saveFile } from '../save.ts'
import { oneLine } from '../text.ts'
import { parseCount } from '../values.ts'
import { deadline } from '../wait.ts'

export const attachmentsCommand = defineCommand<{ type?: string; limit?: number; before?: string }>({
  usage: 'attachments <conversation>',
  summary: 'the files of a conversation, the newest first',
  group: 'Files',
  examples: [
    ['attachments hike', 'id, size, type and name of the last 50'],
    ['attachments hike --type image --limit 200', 'pictures'],
  ],
  reach: 'here',
  options(command) {
    command.option('--type <type>', 'a MIME type such as application/pdf, or its first part')
    command.option('--limit <n>', 'how many, at most 500 (default 50)', parseCount)
    command.option('--before <attachment>', 'those that come after this one in the list')
  },
  async run({ parley, args: [wanted], options, print }) {
    const { type, limit, before } = options
    const found = await findConversation(parley, wanted as string).getAttachments({
      ...(type === undefined ? {} : { type }),
      ...(limit === undefined ? {} : { limit }),
      ...(before === undefined ? {} : { before }),
    })
    for (const attachment of found) print.result(attachment, () => formatAttachment(attachment))
    if (found.length === 0) print.note('No files yet. `parley send CONVERSATION --file PATH` sends one.')
  },
})

interface SaveOptions extends NetworkOptions, WaitOptions {
  force?: true
}

export const saveCommand = defineCommand<SaveOptions>({
  usage: 'save <conversation> <attachment> <path>',
  summary: 'write an attached file to a path, or into a folder under its own name',
  group: 'Files',
  examples: [
    ['save hike map.pdf .', 'by its name, into this folder'],
    ['save hike ATTACHMENT map.pdf --force', 'by its id, in place of the file that is there'],
    ['save hike map.pdf . --wait 30s', 'gives up when nobody who has it comes; what came is kept'],
  ],
  reach: 'online',
  options(command) {
    command.option('--force', 'replace a file that is there')
    addNetworkOptions(command)
    addWaitOption(command, 'for members who have it, at most so long (default: until interrupted)')
  },
  async run(call) {
    const [wanted, which, path] = call.args as [string, string, string]
    const conversation = findConversation(call.parley, wanted)
    const attachment = await findAttachment(conversation, which)
    const { id, name, size, sha256 } = attachment
    const force = call.options.force === true
    const saved = await fetching(call, attachment, (bytes) => saveFile(call.path(path), name, bytes, { force }))
    call.print.result({ id, path: saved, size, sha256 }, () => `${oneLine(saved)}  ${sizeText(size)}`)
  },
})

/** Runs the use of the bytes with the patience that was asked for, and tells how they come. */
async function fetching(
  { options, print, signal, isOnline }: Call<SaveOptions>,
  attachment: Attachment,
  use: (bytes: AsyncIterable<Uint8Array>) => Promise<string>,
): Promise<string> {
  const limit = options.wait === undefined ? undefined : deadline(signal, options.wait)
  // Once, and not at all for what is here.
  let isTold = (await attachment.received()) === attachment.size
  const fetchOptions: FetchOptions = {
    signal: limit?.signal ?? signal,
    wait: isOnline,
    onProgress: progressNotes(print, 'fetching', attachment.name),
    onHolders(holders) {
      if (holders === 0 && !isTold) print.note('Looking for a member who is online and has it; interrupt to end.')
      isTold = true
    },
  }
  try {
    return await use(attachment.stream(fetchOptions))
  } catch (error) {
    if (limit?.isOver() !== true || signal.aborted) throw error
    throw new ParleyError('AttachmentUnavailable', 'Not all of it came in time. What came is kept; the next attempt goes on with it.', {
      cause: error,
    })
  } finally {
    limit?.clear()
  }
}
