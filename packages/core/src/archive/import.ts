/** Brings an archive into a profile: first all of it is verified aside, then what is missing is taken from there, as it would be from a peer. */
import { deviceIdBytes, ParleyError, project, Reject, type ConversationId } from '@parley/protocol'
import type { Attachments } from '../attachments/attachments.ts'
import type { Context } from '../context.ts'
import { controlBatches } from '../network/answers.ts'
import { UPDATE_BYTES, UPDATE_ENTRIES } from '../network/window.ts'
import type { LentKey } from '../replica/epochs.ts'
import { eraseConversation, eraseScratch } from '../replica/erase.ts'
import { Replica } from '../replica/replica.ts'
import { logsInOrder } from './entry-line.ts'
import { linesOf, type ArchiveSource } from './lines.ts'
import { scratchStore } from './scratch-store.ts'
import { ArchiveVerifier } from './verify.ts'

export interface ImportWatch {
  readonly signal?: AbortSignal | undefined
  /** Bytes of the archive that were read. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

/** The conversations of the profile. */
export interface ImportHost {
  replica(id: ConversationId): Replica | undefined
  /** Makes it one of them. */
  adopt(replica: Replica): Promise<void>
}

/** Resolves with the id of the conversation once it is here. One at a time. @throws as `verifyArchive` */
export async function importArchive(
  context: Context,
  attachments: Attachments | undefined,
  host: ImportHost,
  source: ArchiveSource,
  watch: ImportWatch,
): Promise<ConversationId> {
  const archive = await verifyArchive(context, attachments, source, watch)
  try {
    const known = host.replica(archive.id)
    if (known === undefined) await addArchive(context, host, archive)
    else {
      // A member reads what the members let it read.
      if (known.record.state === 'archive') await known.lend(archive.keys)
      await archive.pour(known)
    }
    return archive.id
  } finally {
    await archive.close()
  }
}

/** A conversation that this profile is not in. Its record comes last: what a crash leaves without it does not count. */
async function addArchive(context: Context, host: ImportHost, archive: VerifiedArchive): Promise<void> {
  const since = context.clock.now()
  const replica = new Replica(context, archive.id, { state: 'archive', seed: undefined, hints: [], refusal: undefined, since })
  await replica.load()
  try {
    await replica.lend(archive.keys)
    await archive.pour(replica)
    await replica.checkpoint()
    await replica.setRecord((record) => ({ ...record }))
  } catch (error) {
    await replica.close()
    await eraseConversation(context.store, replica)
    throw error
  }
  await host.adopt(replica)
}

/** An archive that holds, laid out beside the store. */
export interface VerifiedArchive {
  readonly id: ConversationId
  readonly keys: readonly LentKey[]
  /** Gives a copy of the conversation what it lacks. */
  pour(into: Replica): Promise<void>
  /** Deletes what was laid out, and files that no message needs. Call it once the conversation is here, or will not be. */
  close(): Promise<void>
}

/** @throws {ArchiveInvalid, InvalidArgument, Aborted, StorageFull, StorageUnavailable}; nothing of it is left then. One at a time. */
export async function verifyArchive(
  context: Context,
  attachments: Attachments | undefined,
  source: ArchiveSource,
  { signal, onProgress }: ImportWatch,
): Promise<VerifiedArchive> {
  await eraseScratch(context.store)
  const aside: Context = { ...context, store: scratchStore(context.store) }
  const verifier = new ArchiveVerifier({ context: aside, attachments })
  const close = async (): Promise<void> => {
    await verifier.close()
    await attachments?.release(undefined, verifier.kept)
    await eraseScratch(context.store)
  }
  try {
    for await (const line of linesOf(source, onProgress)) {
      if (signal?.aborted) throw new ParleyError('Aborted', 'the import was stopped', { cause: signal.reason })
      await verifier.take(line)
    }
    verifier.finish()
    const { replica, keys } = verifier
    return { id: replica.id, keys, pour: (into) => pour(aside, replica, into), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function pour(context: Context, from: Replica, into: Replica): Promise<void> {
  await from.whole()
  for (let isMore = true; isMore;) {
    isMore = false
    for (const batch of controlBatches(from.controls.carriers())) isMore = (await into.ingestControls(batch)) > 0 || isMore
  }
  const hash = (bytes: Uint8Array): Uint8Array => context.crypto.sha256(bytes)
  for (const { log, device } of logsInOrder(from)) {
    const branch = from.log.branchOf(log)
    const end = from.log.nextSeq(log)
    // Bodies that were left out here may be there; else what is here is not looked at again, but for one entry that shows whether it is the same history.
    const first = into.hollow.size > 0 ? 0 : into.log.nextSeq(log) - 1
    for (let seq = Math.max(first, from.log.startOf(log)); seq < end;) {
      const entries = await from.log.readSealed(log, seq, Math.min(end, seq + UPDATE_ENTRIES), UPDATE_BYTES)
      const run = { device: deviceIdBytes(device), ...(branch === undefined ? {} : { branch }), seq, entries }
      if (!(await isTaken(into, project(hash, from.bytes, [run]), from))) break
      seq += entries.length
    }
  }
  into.forget(from)
}

/** What this copy knows otherwise stays as it is: the history of a device that parts from ours, or what lies behind its removal. */
async function isTaken(into: Replica, update: Uint8Array, from: object): Promise<boolean> {
  try {
    const { strayed, doubted } = await into.ingest(update, from)
    return strayed.length === 0 && doubted.length === 0
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  }
}
