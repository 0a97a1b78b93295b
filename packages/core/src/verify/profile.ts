/** A whole profile, or one conversation of it: everything that is looked at, and the report. */
import type { ConversationId } from '@parley/protocol'
import type { Damage, VerifyOptions, VerifyReport } from '../api/verify.ts'
import type { Attachments } from '../attachments/attachments.ts'
import type { Replica } from '../replica/replica.ts'
import type { Store } from '../store.ts'
import { Findings, type Finding } from './damage.ts'
import { verifyFiles } from './files.ts'
import { findLeftOvers } from './rows.ts'

/** A conversation that can be looked at. */
export interface Verifiable {
  readonly replica: Replica
  /** Whether the view document shows what the timeline says; it does afterwards. */
  verifyView(): Promise<boolean>
}

/** What of a profile is looked at. */
export interface ProfilePlace {
  readonly store: Store
  readonly attachments: Attachments | undefined
  /** All that are here. */
  readonly conversations: readonly Verifiable[]
}

/** Looks at one conversation when one is given; its files and what belongs to nothing only with the whole profile. */
export async function verifyProfile(place: ProfilePlace, only: Verifiable | undefined, options: VerifyOptions): Promise<VerifyReport> {
  const damages: Damage[] = []
  let entries = 0
  let messages = 0
  const looked = only === undefined ? place.conversations : [only]
  for (const conversation of looked) {
    const { replica } = conversation
    const report = await replica.verify(options)
    entries += report.entries
    messages += report.messages
    for (const finding of report.findings) damages.push(damageOf(finding, replica.id, finding.isRepaired))
    if (!(await conversation.verifyView()))
      damages.push(damageOf({ code: 'ViewWrong', what: 'the view shows something else' }, replica.id, true))
  }
  const findings = new Findings()
  let files = 0
  if (only === undefined) {
    await findLeftOvers(place.store, findings)
    if (place.attachments !== undefined) files = await verifyFiles(place.attachments, findings, options.signal)
  }
  for (const finding of findings.all) {
    const isRepaired = options.repair === true && typeof finding.repair === 'function'
    if (isRepaired) await finding.repair()
    damages.push(damageOf(finding, undefined, isRepaired))
  }
  const isSound = damages.every(({ isRepaired }) => isRepaired)
  return Object.freeze({ isSound, conversations: looked.length, entries, messages, files, damages: Object.freeze(damages) })
}

function damageOf({ code, what }: Finding, conversationId: ConversationId | undefined, isRepaired: boolean): Damage {
  return Object.freeze({ code, conversationId, what, isRepaired })
}
