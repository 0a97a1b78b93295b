/** How much of the past a device keeps, as an application says it. */
import { ParleyError } from '@parley/protocol'
import type { Replicate } from '../api.ts'

/** @throws {ParleyError} InvalidArgument */
export function checkReplicate(replicate: Replicate | undefined): void {
  if (replicate === undefined || replicate === 'all' || replicate === 'on-demand') return
  const keep = (replicate as Partial<Exclude<Replicate, string>>).keep as Partial<Record<string, unknown>> | undefined
  const amounts = Object.entries(keep ?? {})
  const [[unit, amount] = []] = amounts
  if (amounts.length !== 1 || (unit !== 'days' && unit !== 'bytes') || typeof amount !== 'number' || !(amount > 0))
    throw new ParleyError(
      'InvalidArgument',
      "replicate is 'all', 'on-demand', { keep: { days } } or { keep: { bytes } }, with a number above 0",
    )
}
