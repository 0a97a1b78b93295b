/** The control entries of a conversation against their signatures, and against the logs that they come from. */
import { decodeEntry, deviceIdOf, equalBytes, Reject, signedHead } from '@parley/protocol'
import type { ControlIntake } from '../replica/control-intake.ts'
import { decodeControlRow } from '../replica/control-rows.ts'
import { carrierOf, type LogEntry } from '../replica/log-entry.ts'
import type { StoreRow } from '../store.ts'
import { pagesOf, type Findings, type Turns } from './damage.ts'
import type { LogPlace } from './logs.ts'

/** Table and conversation, before the device in the key of a row. */
const SCOPE_BYTES = 17
const DEVICE_BYTES = 16

/** Every row is what its device signed. Branches share the devices of their logs. */
export async function verifyControls(place: LogPlace, findings: Findings, turns: Turns): Promise<void> {
  const { context, keys } = place
  for (const range of [keys.controls(), keys.branchControls()])
    for await (const rows of pagesOf(context.store, range))
      await turns(async () => {
        for (const row of rows) await verifyControlRow(place, row, findings)
      })
}

async function verifyControlRow(
  { conversation, context, log, controls }: LogPlace,
  { key, value }: StoreRow,
  findings: Findings,
): Promise<void> {
  const device = key.slice(SCOPE_BYTES, SCOPE_BYTES + DEVICE_BYTES)
  const id = deviceIdOf(device)
  const signKey = controls.certOf(id)?.signKey
  const holds = await reading(async () => {
    const row = decodeControlRow(value)
    const parts = decodeEntry(row.bytes)
    const { signature } = parts
    if (signKey === undefined || signature === undefined) return false
    const message = signedHead(conversation, device, row.seq, log.idOf(device, row.seq, row.prevId, parts))
    return context.crypto.verify({ publicKey: signKey, message, signature })
  })
  if (holds !== true) findings.note('ControlBroken', `a control entry of ${id} is not what that device signed`)
}

/** What opening reads instead of them says what they say. */
export async function verifyControlFold({ context, keys, controls }: LogPlace, findings: Findings): Promise<void> {
  const row = await context.store.get(keys.controlFold())
  if (row === undefined || controls.isRight(row)) return
  findings.note('ControlBroken', 'what was found out from the control entries, and kept, is not what they say', () =>
    context.store.write([controls.voidRow()]),
  )
}

/** A control entry of a log has its row, if it is one of those that are kept. */
export function compareControl({ controls }: LogPlace, intake: ControlIntake, entry: LogEntry, findings: Findings): void {
  const { device, parts, bytes } = entry
  if (controls.forks.isForked(device)) return
  const { controls: number } = parts.header
  const row = controls.controlAt(device, number)
  if (row === undefined ? number > controls.count(device) : equalBytes(row.bytes, bytes)) return
  findings.note('ControlBroken', `control entry ${number} of ${device} is in its log and not among the control entries`, async () => {
    await intake.accept([carrierOf(entry)])
  })
}

async function reading<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Reject) return undefined
    throw error
  }
}
