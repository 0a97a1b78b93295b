/**
 * Opening a conversation whose rows are damaged: what can be put right is, once. When what this device said itself is lost, which nothing here can bring
 * back, the conversation opens without that. Nothing of it keeps the whole profile from opening.
 */
import { isParleyError, Reject } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'

/**
 * Opens a replica that `make` makes, and mends it when it cannot be read; what was wrong is reported. @throws what `open` throws the last time, and
 * at once what is no damage.
 */
export async function openMending(context: Context, make: () => Replica, open: (replica: Replica) => Promise<void>): Promise<void> {
  const first = make()
  first.timeline.onDamage = 'refuse'
  try {
    await open(first)
    first.timeline.onDamage = 'leave out'
  } catch (error) {
    if (!(error instanceof Reject) && !isParleyError(error, 'Internal')) throw error
    context.report(error, 'opening a conversation that is damaged')
    await first.verify({ repair: true })
    await open(make())
  }
}
