/** Reading the timeline backwards while messages come and go. */
import { compareKeys } from '../replica/timeline-key.ts'
import type { Timeline } from '../replica/timeline.ts'

/** How often keys are read again because ranks moved meanwhile. After that a key may be missing, until the index is made anew. */
const MAX_ATTEMPTS = 8

/** The last `count` keys before `end`, oldest first; undefined for the newest end. */
export async function keysBefore(
  timeline: Pick<Timeline, 'rank' | 'slice' | 'total'>,
  end: Uint8Array | undefined,
  count: number,
): Promise<Uint8Array[]> {
  for (let attempt = 1; ; attempt++) {
    const to = end === undefined ? timeline.total : await timeline.rank(end)
    const from = Math.max(0, to - count)
    const keys = await timeline.slice(from, to)
    // What came at the newest end meanwhile is told by an event.
    const isSame =
      (end === undefined || (await timeline.rank(end)) === to) && (keys[0] === undefined || (await timeline.rank(keys[0])) === from)
    if (isSame || attempt === MAX_ATTEMPTS) return end === undefined ? keys : keys.filter((key) => compareKeys(key, end) < 0)
  }
}
