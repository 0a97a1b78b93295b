/** Opening a conversation whose rows are damaged: what can be put right is, once, instead of keeping the whole profile from opening. */
import { isParleyError, Reject } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'

/**
 * Opens a replica that `make` makes, and mends it when it cannot be read; what was wrong is reported. @throws what `open` throws the second time, and
 * at once what is no damage.
 */
export async function openMending(context: Context, make: () => Replica, open: (replica: Replica) => Promise<void>): Promise<void> {
  const first = make()
  try {
    return await open(first)
  } catch (error) {
    if (!(error instanceof Reject) && !isParleyError(error, 'Internal')) throw error
    context.report(error, 'opening a conversation that is damaged')
    await first.verify({ repair: true })
  }
  await open(make())
}
