/** Giving a peer what it asks for. */
import { CHUNK_ENTRIES, deviceIdBytes, deviceIdOf, MAX_CONTROLS, type ControlCarrier, type LinkMessage } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { Push } from './push.ts'
import type { SessionLine } from './session-line.ts'
import { UPDATE_BYTES, UPDATE_ENTRIES, WANT_WINDOW } from './window.ts'

/** Bytes of control entries in one message, well below the limit of a message: an avatar alone can have 32 kB. */
const CONTROLS_BYTES = 524_288

/** Sends the control entries and the ranges of a `want`, and then what came here meanwhile. */
export async function answerWant(
  line: SessionLine,
  logs: PeerLogs,
  push: Push,
  want: Extract<LinkMessage, { type: 'want' }>,
): Promise<void> {
  const { replica } = line.shared
  const controls = new Map(want.controls.map(({ device, from }) => [deviceIdOf(device), Math.max(1, from)]))
  const carriers = [...controls].flatMap(([device, from]) => replica.controls.carriers(device, from, line.latest))
  for (const entries of controlBatches(carriers)) line.send('history', { type: 'controls', handle: line.handle, entries })
  // A window, and one entry more for each range: nobody is owed more for one message.
  let room = WANT_WINDOW + want.ranges.length
  for (const { device, from, to } of line.isMember ? want.ranges : []) {
    const id = deviceIdOf(device)
    if (replica.ownerOf(id) === undefined) continue
    let at = Math.max(from, replica.log.startOf(id))
    const end = Math.min(to, from + room, replica.log.nextSeq(id), Math.max(replica.told(id), replica.log.startOf(id)))
    room -= Math.max(0, end - from)
    if (at === from && at < end && !(await sendAnchor(line, id, at))) return
    while (at < end) {
      const entries = await replica.log.readSealed(id, at, Math.min(end, at + UPDATE_ENTRIES), UPDATE_BYTES)
      if (entries.length === 0 || !line.sendEntries('history', id, at, entries)) return
      at += entries.length
      logs.raise(id, at)
    }
    push.catchUp(id)
  }
}

/** Of a range that begins a chunk the peer may not have what comes before: with the id of that it can verify the range all the same. False when there is no room. */
async function sendAnchor(line: SessionLine, log: LogId, seq: number): Promise<boolean> {
  const id = seq === 0 || seq % CHUNK_ENTRIES !== 0 ? undefined : await line.shared.replica.log.anchor(log, seq)
  return id === undefined || line.send('history', { type: 'anchor', handle: line.handle, device: deviceIdBytes(log), seq, id })
}

/** Control entries as messages carry them: bounded by number and by bytes. */
export function* controlBatches(carriers: readonly ControlCarrier[], maxBytes = CONTROLS_BYTES): Generator<readonly ControlCarrier[]> {
  let batch: ControlCarrier[] = []
  let bytes = 0
  for (const carrier of carriers) {
    if (batch.length === MAX_CONTROLS || (batch.length > 0 && bytes + carrier.entry.length > maxBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(carrier)
    bytes += carrier.entry.length
  }
  if (batch.length > 0) yield batch
}
