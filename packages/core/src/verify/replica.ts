/** One conversation, looked at from its logs up. */
import { EntryKind, Reject } from '@parley/protocol'
import type { VerifyOptions } from '../api/verify.ts'
import type { Context } from '../context.ts'
import { hollowRow } from '../replica/hollow.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import type { ReplicaParts } from '../replica/replica-parts.ts'
import { compareControl, verifyControlFold, verifyControls } from './controls.ts'
import { Findings, pagesOf, type Finding, type Turns } from './damage.ts'
import { verifyFolds } from './folds.ts'
import { isBarePost, LogCheck, type LogPlace } from './logs.ts'

/** What was looked at in a conversation, and what was wrong. */
export interface ReplicaReport {
  readonly entries: number
  readonly messages: number
  readonly findings: readonly (Finding & { readonly isRepaired: boolean })[]
}

/**
 * Looks at everything in turns, between which life goes on. What is found then may have changed under way: it is looked at once more while nothing is
 * taken in or written, and that is what is told, and put right.
 */
export async function verifyReplica(
  context: Context,
  conversation: Uint8Array,
  parts: ReplicaParts,
  options: VerifyOptions,
): Promise<ReplicaReport> {
  const { mutex } = parts
  const look = (turns: Turns, isRepairing: boolean): Promise<ReplicaReport> =>
    lookAt(context, conversation, parts, turns, { ...options, repair: isRepairing })
  const report = await look((part) => mutex.run(part), false).catch((error: unknown) => {
    // A log that was cut where it parts, for instance.
    if (error instanceof Reject) return undefined
    throw error
  })
  if (report?.findings.length === 0) return report
  return mutex.run(() => look((part) => part(), options.repair === true))
}

async function lookAt(
  context: Context,
  conversation: Uint8Array,
  parts: ReplicaParts,
  turns: Turns,
  { repair = false, signal }: VerifyOptions,
): Promise<ReplicaReport> {
  const { keys, log, controls, counting, intake, folding, timeline } = parts
  const findings = new Findings()
  const place: LogPlace = { conversation, context, keys, log, controls }
  let entries = 0
  const bare: LogEntry[] = []
  for (const head of log.heads()) {
    const check = new LogCheck(place, head, findings, (entry) => {
      if (entry.parts.header.kind === EntryKind.control) compareControl(place, intake, entry, findings)
      if (isBarePost(entry)) bare.push(entry)
    })
    entries += await check.run(turns, signal)
  }
  await verifyControls(place, findings, turns)
  await turns(() => verifyControlFold(place, findings))
  let messages = timeline.total
  // Nothing can be folded from logs with holes; what is put right there is folded anew anyway.
  if (!findings.all.some(({ code }) => code === 'LogBroken')) {
    const folds = await verifyFolds({ ...place, counting, folding }, findings, turns)
    messages = folds.messages
    const wanted = bare.filter((entry) => !folds.isDeleted(entry))
    await turns(() => verifyHollows(place, wanted, findings))
  }
  const repaired = repair ? await mend(findings, parts) : new Set<Finding>()
  return { entries, messages, findings: findings.all.map((finding) => ({ ...finding, isRepaired: repaired.has(finding) })) }
}

/** Every message without a body that was not deleted is noted, so that its body is asked for; and nothing is noted that lies in no log. */
async function verifyHollows({ context, keys, log }: LogPlace, wanted: readonly LogEntry[], findings: Findings): Promise<void> {
  const noted = new Set<string>()
  for await (const rows of pagesOf(context.store, keys.hollows())) for (const { key } of rows) noted.add(key.toString())
  for (const entry of wanted) {
    const row = hollowRow(keys, entry)
    if (noted.has(row.key.toString())) continue
    findings.note('ReferenceWrong', `nobody is asked for the body of entry ${entry.seq} of ${entry.device}`, () =>
      context.store.write([row]),
    )
  }
  for (const { logBytes, log: id } of log.heads()) {
    const outside = await context.store.range(keys.hollowsOf(logBytes, log.nextSeq(id)))
    if (outside.length === 0) continue
    findings.note('ReferenceWrong', `${outside.length} bodies of ${id} are asked for that are of no entry`, () =>
      context.store.write(outside.map(({ key }) => ({ type: 'delete', key }))),
    )
  }
}

/** Puts right what can be, and brings what is in memory in line with it. */
async function mend(findings: Findings, { log, hollow, folding, history }: ReplicaParts): Promise<Set<Finding>> {
  const mended = findings.all.filter(({ repair }) => repair !== undefined)
  for (const { repair } of mended) if (repair !== undefined && repair !== 'fold') await repair()
  if (mended.length === 0) return new Set()
  await log.reload()
  await hollow.load()
  // A log with a hole that nothing here can fill cannot be folded; the folds of before are better than none.
  if (findings.all.some(({ code, repair }) => code === 'LogBroken' && repair === undefined))
    return new Set(mended.filter(({ repair }) => repair !== 'fold'))
  await folding.rebuild()
  history.changed()
  return new Set(mended)
}
