/**
 * Conversations as files, and back.
 */
import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { ParleyError } from '@parley/protocol'
import { defineCommand } from '../command.ts'
import { titleOf } from '../format.ts'
import { progressNotes, sizeText } from '../progress.ts'
import { findConversation } from '../resolve.ts'
import { saveFile } from '../save.ts'
import { oneLine } from '../text.ts'

export const exportCommand = defineCommand<{ force?: true; files: boolean }>({
  usage: 'export <conversation> <path>',
  summary: 'write a conversation to a file that anybody can read: one JSON object a line',
  group: 'Conversations',
  examples: [
    ['export hike hike.ndjson', 'with the files that are here'],
    ['export hike hike.ndjson --no-files --force', 'without them, in place of what is there'],
  ],
  reach: 'here',
  options(command) {
    command.option('--no-files', 'leave the bytes of files out')
    command.option('--force', 'replace a file that is there')
  },
  async run({ parley, args, options, print, path, signal }) {
    const [wanted, target] = args as [string, string]
    const conversation = findConversation(parley, wanted)
    let bytes = 0
    const archive = conversation.exportConversation({ includeFiles: options.files, signal, onProgress: (written) => (bytes = written) })
    const saved = await saveFile(path(target), `${conversation.getId()}.ndjson`, archive, { force: options.force === true })
    print.result({ id: conversation.getId(), path: saved, size: bytes }, () => `${oneLine(saved)}  ${sizeText(bytes)}`)
    print.note('Whoever has this file can read all of it.')
  },
})

export const importCommand = defineCommand({
  usage: 'import <path>',
  summary: 'read what export wrote: all of it is checked before any of it counts',
  group: 'Conversations',
  examples: [['import hike.ndjson', 'adds what is missing, or makes an archive to read']],
  reach: 'here',
  async run({ parley, args: [file], print, path, signal }) {
    const source = await openArchive(path(file as string))
    const tell = progressNotes(print, 'reading', file as string)
    const conversation = await parley.importConversation(source, { signal, onProgress: (bytes) => tell(bytes, source.size) })
    const { state } = conversation
    const result = { id: conversation.getId(), title: conversation.getTitle(), state }
    print.result(result, () => `${titleOf(conversation)}  ${state === 'archive' ? 'an archive, to be read' : 'up to date'}  ${result.id}`)
  },
})

async function openArchive(path: string): Promise<Blob> {
  try {
    if ((await stat(path)).isFile()) return await openAsBlob(path)
  } catch (error) {
    throw new ParleyError('NotFound', `${path} cannot be read.`, { cause: error })
  }
  throw new ParleyError('InvalidArgument', `${path} is no file.`)
}
