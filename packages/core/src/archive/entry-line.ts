/** An entry as an archive has it: its signed bytes, and beside them, for everybody to read, what they say. */
import {
  decodeDelete,
  decodeEdit,
  decodePost,
  decodeReact,
  deviceIdBytes,
  EntryKind,
  messageIdFromBytes,
  messageIdOf,
  Reject,
  toBase32,
  toBase64Url,
  userIdOf,
  type PostPayload,
} from '@parley/protocol'
import { decodeDescriptor, type AttachmentDescriptor } from '../attachments/descriptor.ts'
import type { DeviceHead, LogEntry } from '../replica/log-entry.ts'
import type { Replica } from '../replica/replica.ts'
import { line } from './lines.ts'

const KINDS: ReadonlyMap<number, string> = new Map(Object.entries(EntryKind).map(([name, kind]) => [kind, name]))

/** The logs of a conversation, those of devices before what branches off them: a branch is known once its beginning is here. */
export function logsInOrder({ log }: Pick<Replica, 'log'>): DeviceHead[] {
  const from = (head: DeviceHead): number => log.branchOf(head.log)?.seq ?? -1
  return log.heads().toSorted((a, b) => from(a) - from(b))
}

/** What a line says, and the files that it speaks of. */
export interface EntryLine {
  readonly text: string
  readonly files: readonly AttachmentDescriptor[]
}

/** `bytes` are the entry as it stands in the archive. */
export function entryLine(replica: Replica, entry: LogEntry, bytes: Uint8Array): EntryLine {
  const { log, device, seq, hlc, parts } = entry
  const files: AttachmentDescriptor[] = []
  const body = parts.header.kind === EntryKind.control ? undefined : replica.open(log, seq, parts)
  const says = body === undefined ? {} : saysOf(entry, body, files)
  const branch = replica.log.branchOf(log)
  const text = line({
    type: 'entry',
    device,
    ...(branch === undefined ? {} : { branch: { from: branch.seq, id: toBase32(branch.id) } }),
    seq,
    author: replica.userOf(device) ?? '',
    at: hlc.ms,
    kind: KINDS.get(parts.header.kind) ?? '',
    ...says,
    bytes: toBase64Url(bytes),
  })
  return { text, files }
}

/** What a body means; nothing, when its author signed what nobody can read. */
function saysOf({ device, seq, id, parts }: LogEntry, body: Uint8Array, files: AttachmentDescriptor[]): Record<string, unknown> {
  try {
    switch (parts.header.kind) {
      case EntryKind.post:
        return { message: messageIdOf(deviceIdBytes(device), seq, id), ...contentOf(decodePost(body), files) }
      case EntryKind.edit: {
        const edit = decodeEdit(body)
        return { message: messageIdFromBytes(edit.target), ...contentOf(edit, files) }
      }
      case EntryKind.delete:
        return { message: messageIdFromBytes(decodeDelete(body).target) }
      case EntryKind.react: {
        const { target, emoji, on } = decodeReact(body)
        return { message: messageIdFromBytes(target), emoji, on }
      }
      default:
        return {}
    }
  } catch (error) {
    if (error instanceof Reject) return {}
    throw error
  }
}

function contentOf(
  { text, metadata, reply, mentions, forward, attachments }: PostPayload,
  files: AttachmentDescriptor[],
): Record<string, unknown> {
  const described = attachments.map((bytes) => decodeDescriptor(bytes.slice()))
  files.push(...described)
  return {
    text,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(reply === undefined ? {} : { replyTo: messageIdFromBytes(reply) }),
    ...(mentions.length === 0 ? {} : { mentions: mentions.map(({ user, from, to }) => ({ user: userIdOf(user), from, to })) }),
    ...(forward === undefined ? {} : { forwardedFrom: { author: forward.author, sentAt: forward.sentAt } }),
    ...(described.length === 0 ? {} : { files: described.map(({ blobId, name }) => ({ id: toBase32(blobId), name })) }),
  }
}

/** The line before the pieces of a file. `manifest` is what its id is the hash of. */
export function fileLine({ blobId, name, type, size, sha256 }: AttachmentDescriptor, manifest: Uint8Array): string {
  return line({
    type: 'file',
    id: toBase32(blobId),
    name,
    mime: type,
    size,
    sha256: Array.from(sha256, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    manifest: toBase64Url(manifest),
  })
}
