/** Archives between tabs. A stream cannot be handed to another tab and a Blob can: the browser keeps it where there is room. */
import type { ArchiveSource, Conversation, ExportOptions } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { CallPlan } from './plan.ts'

/** The calls by which a guest exports a conversation and imports an archive, beside those of the API. */
export const EXPORT_CALL = 'export'
export const IMPORT_CALL = 'import'
/** An archive that was imported already has nothing new. */
export const ARCHIVE_PLAN: CallPlan = { kind: 'call', again: 'same' }

/** The whole archive, for a guest. */
export function exportBlob(conversation: Conversation, args: readonly unknown[]): Promise<Blob> {
  return new Response(conversation.exportConversation(args[0] as ExportOptions)).blob()
}

/** An archive as it can be handed over. By shape: the Blob of another realm is one too. @throws {InvalidArgument} for what gives no bytes. */
export async function blobOf(source: ArchiveSource): Promise<Blob> {
  if (typeof source !== 'object' || source === null)
    throw new ParleyError('InvalidArgument', 'an archive is a Blob, a File or a stream of bytes')
  if ('arrayBuffer' in source) return source
  if ('getReader' in source) return new Response(source).blob()
  const parts: BlobPart[] = []
  for await (const part of source) parts.push(part as Uint8Array<ArrayBuffer>)
  return new Blob(parts)
}
