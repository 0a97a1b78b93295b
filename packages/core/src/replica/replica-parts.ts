/** What a replica is made of, and how the parts know each other. What can be done with it is in `replica.ts`. */
import { conversationIdBytes, type ConversationId } from '@parley/protocol'
import type { Context } from '../context.ts'
import { Emitter } from '../support/emitter.ts'
import { Mutex } from '../support/mutex.ts'
import { Admission } from './admission.ts'
import { ChunkLookup } from './chunk-lookup.ts'
import { ControlCheck } from './control-check.ts'
import { ControlIntake } from './control-intake.ts'
import { ControlLog } from './control-log.ts'
import { Counting } from './counting.ts'
import { EpochBoxes } from './epoch-boxes.ts'
import { EpochKeys } from './epochs.ts'
import type { ReplicaEvents } from './events.ts'
import { Folding } from './folding.ts'
import { ForkProving } from './fork-proving.ts'
import { ForkSettling } from './fork-settling.ts'
import { Heads } from './heads.ts'
import { History } from './history.ts'
import { HollowEntries } from './hollow.ts'
import type { Keeping } from './keeping.ts'
import { Ingest } from './ingest.ts'
import { KeyHandout } from './key-handout.ts'
import { Keyspace } from './keyspace.ts'
import { LogCuts } from './log-cuts.ts'
import { ConversationLog } from './log.ts'
import { MembershipWrites } from './membership-writes.ts'
import { OwnLog } from './own-log.ts'
import { OwnWrites } from './own-writes.ts'
import { ProofWriter } from './proof-writer.ts'
import { StoredRecord, type ConversationRecord } from './record.ts'
import { Rotation } from './rotation.ts'
import { Timeline } from './timeline.ts'

/** The parts of one replica. */
export interface ReplicaParts {
  readonly admission: Admission
  readonly check: ControlCheck
  readonly chunks: ChunkLookup
  readonly controls: ControlLog
  readonly counting: Counting
  readonly cuts: LogCuts
  readonly epochs: EpochKeys
  readonly events: Emitter<ReplicaEvents>
  readonly folding: Folding
  readonly forks: ForkSettling
  readonly handout: KeyHandout
  readonly heads: Heads
  readonly history: History
  readonly hollow: HollowEntries
  readonly ingest: Ingest
  readonly intake: ControlIntake
  readonly keys: Keyspace
  readonly log: ConversationLog
  readonly membership: MembershipWrites
  readonly mutex: Mutex
  readonly own: OwnLog
  readonly proving: ForkProving
  readonly record: StoredRecord
  readonly timeline: Timeline
  readonly writes: OwnWrites
}

/** Puts the parts of a replica together; nothing is read yet. `stored` is its record as it is in the store. */
export function assembleReplica(context: Context, id: ConversationId, stored: ConversationRecord): ReplicaParts {
  const conversation = conversationIdBytes(id)
  const { crypto, store } = context
  const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
  const keys = new Keyspace(conversation)
  const events = new Emitter<ReplicaEvents>((error, event) => context.report(error, `conversation ${event}`))
  const epochs = new EpochKeys(conversation)
  const controls = new ControlLog({ conversation, crypto, keys, epochs })
  const log = new ConversationLog({ conversation, crypto, keys, store })
  const hollow = new HollowEntries(context, keys, log)
  const cuts = new LogCuts({ hash, log, controls })
  const counting = new Counting({ conversation, context, controls, epochs, log, hollow, cuts })
  const timeline = new Timeline({ conversation, hash, keys, store, log, host: counting, mend: () => mutex.run(() => folding.mend()) })
  const mutex = new Mutex()
  const record = new StoredRecord(conversation, stored)
  const own = new OwnLog({ context, controls, log, record })
  const history = new History({
    context,
    log,
    controls,
    timeline,
    events,
    canOpen: (of, seq) => counting.canOpen(of, seq),
    keeping: async () => (keeping ??= new (await import('./keeping.ts')).Keeping({ context, log, controls, folding, hollow })),
  })
  const folding = new Folding({ context, timeline, hollow, events })
  let keeping: Keeping | undefined
  const boxes = new EpochBoxes({ conversation, context, keys, epochs, controls })
  const chunks = new ChunkLookup({ conversation, hash, log, controls, hollow })
  const writes = new OwnWrites({
    context,
    mutex,
    log,
    controls,
    folding,
    events,
    isFrozen: () => forks.isFrozen,
    onControls: async () => {
      await forks.settle()
      await intake.settle()
    },
    onTurn: async () => {
      // What is said next needs an epoch that the device can write under.
      if (!rotation.isDue || forks.isFrozen) return
      const { draft, rows } = await rotation.open()
      await writes.append([draft], rows)
    },
  })
  const proofs = new ProofWriter({ context, log, controls, writes })
  const forks = new ForkSettling({
    conversation,
    context,
    mutex,
    log,
    controls,
    cuts,
    chunks,
    hollow,
    timeline,
    record,
    proofs,
    events,
    dropLate: () => history.dropForked(),
    untilOwnLogKnown: () => own.untilKnown(),
    isOwnLogKnown: () => own.isKnown,
    takeControls: async (carriers) => {
      const accepted = await intake.accept(carriers)
      if (accepted.length > 0) events.emit('control', accepted)
    },
  })
  const intake = new ControlIntake({ context, controls, epochs, log, boxes, record, folding, cuts, events })
  const rotation = new Rotation({ conversation, context, keys, epochs, controls, boxes, log })
  controls.onEntry = (entry) => boxes.note(entry)
  const check = new ControlCheck({ conversation, crypto, log, controls, keys })
  const ingest = new Ingest({ conversation, context, log, controls, hollow, chunks, check, cuts, intake, folding, forks, events, history })
  const heads = new Heads({ hash, log, controls, cuts })
  const proving = new ForkProving({ conversation, context, log, controls, forks, proofs, ingest })
  const membership = new MembershipWrites({ context, log, controls, boxes, rotation, writes })
  const handout = new KeyHandout({ context, mutex, controls, epochs, boxes, own, membership })
  const admission = new Admission({ context, controls, boxes, rotation, writes })
  return {
    admission,
    check,
    chunks,
    controls,
    counting,
    cuts,
    epochs,
    events,
    folding,
    forks,
    handout,
    heads,
    history,
    hollow,
    ingest,
    intake,
    keys,
    log,
    membership,
    mutex,
    own,
    proving,
    record,
    timeline,
    writes,
  }
}
