/** The lines of an archive. Nothing is kept in memory but the entries of a chunk and the names of files. */
import { deviceIdBytes, ParleyError, toBase32, type ControlCarrier } from '@parley/protocol'
import type { Attachments } from '../attachments/attachments.ts'
import type { AttachmentDescriptor } from '../attachments/descriptor.ts'
import { entriesOf } from '../replica/log-entries.ts'
import type { LogId } from '../replica/forks.ts'
import type { Replica } from '../replica/replica.ts'
import { entryLine, fileLine, logsInOrder } from './entry-line.ts'
import type { ExportSource } from './export.ts'
import { bytesOfLine, controlLine, endLine, headerLine, keyLine, partLine, personLine } from './lines.ts'

/** One line after the other, as bytes. */
export async function* linesOfConversation(source: ExportSource): AsyncGenerator<Uint8Array, void> {
  let count = 1
  for await (const text of contentsOf(source)) {
    count++
    yield bytesOfLine(text)
  }
  yield bytesOfLine(endLine(count))
}

async function* contentsOf({ context, replica, attachments }: ExportSource): AsyncGenerator<string, void> {
  await replica.whole()
  // An archive is verified from the beginning of every log.
  if (!(await replica.history.fetchAll()))
    throw new ParleyError(
      'Unreachable',
      'older messages of this conversation are not here yet; try again when a member who has them is online',
    )
  // All at once: what the lines say of people fits what the control entries say.
  const ends = logsInOrder(replica).map(({ log }) => ({ log, end: Math.min(replica.log.nextSeq(log), replica.told(log)) }))
  const controls = shownControls(replica)
  const { members, former } = replica.controls.membership
  const people = [...new Set([...members.keys(), ...former.keys()])].map((id) => personLine(id, replica.controls.profile(id).name))
  yield headerLine(replica.id)
  for (const { epoch, key } of replica.epochs.controlKeys()) yield keyLine(epoch, undefined, key)
  for (const carrier of controls) yield controlLine(carrier)
  yield* people
  const files = new Map<string, AttachmentDescriptor>()
  for (const { log, end } of ends) yield* entriesOfLog({ context, replica }, log, end, files)
  if (attachments !== undefined) for (const file of files.values()) yield* piecesOf(attachments, file)
}

/** Control entries as others are told of them. */
function shownControls(replica: Replica): ControlCarrier[] {
  const { controls } = replica
  return controls
    .entries()
    .filter(({ device, number }) => number <= controls.shown(device))
    .map(({ deviceBytes, seq, prevId, bytes }) => ({ device: deviceBytes, seq, prevId, entry: bytes }))
}

async function* entriesOfLog(
  { context, replica }: Pick<ExportSource, 'context' | 'replica'>,
  log: LogId,
  end: number,
  files: Map<string, AttachmentDescriptor>,
): AsyncGenerator<string, void> {
  const device = deviceIdBytes(replica.log.deviceOf(log))
  const hash = (bytes: Uint8Array): Uint8Array => context.crypto.sha256(bytes)
  const given = new Set<string>()
  for await (const batch of entriesOf({ conversation: replica.bytes, hash, log: replica.log }, log, replica.log.startOf(log), end))
    for (const entry of batch) {
      const epoch = replica.log.epochAt(log, entry.seq)
      const key = epoch === undefined ? undefined : replica.epochs.messageKey(epoch, device)
      if (epoch !== undefined && key !== undefined && given.size !== given.add(toBase32(epoch)).size) yield keyLine(epoch, device, key)
      const { text, files: named } = entryLine(replica, entry, entry.bytes)
      for (const file of named) if (!files.has(toBase32(file.blobId))) files.set(toBase32(file.blobId), file)
      yield text
    }
}

/** A file that is here as a whole. */
async function* piecesOf(attachments: Attachments, file: AttachmentDescriptor): AsyncGenerator<string, void> {
  const held = await attachments.held(file.blobId)
  if (held?.isComplete !== true || held.manifest.size !== file.size) return
  const key = await attachments.init.crypto.fileKey(file.key)
  for (let index = 0; index < held.chunkCount; index++) {
    const sealed = await held.chunk(index)
    const piece = sealed === undefined ? undefined : await key.open(index, held.chunkCount, sealed)
    if (piece === undefined) {
      // Deleted, or found damaged, in the middle: the archive would be, too.
      if (index > 0) throw new ParleyError('AttachmentUnavailable', `the file ${file.name} went away while it was exported; try again`)
      return
    }
    if (index === 0) yield fileLine(file, held.manifestBytes)
    yield partLine(piece)
  }
}
