/**
 * Staying online for a moment after writing, so that a command that ends at once still reaches somebody.
 */
import type { Conversation } from '@parley/core'
import type { MessageId, UserId } from '@parley/protocol'
import type { Call, NetworkOptions, WaitOptions } from './command.ts'
import { waitUntil } from './wait.ts'

/** For finding a peer whose address is known, and handing over a few messages; hardly noticed when nobody is there. */
const GRACE_MS = 2000
/** For what carries no state to wait for: enough for a frame to leave. */
const SETTLE_MS = 300

/**
 * Waits until the message is stored by another member's device, or the time is over, and says which. Entries of a device travel in order, so its
 * latest message stands for all before. Without a message (an edit, a deletion) no state tells; then it waits for a link, and a moment more.
 * A daemon stays online anyway, so it waits only when asked to.
 */
export async function lingerUntilDelivered(
  call: Call<NetworkOptions & WaitOptions>,
  conversation: Conversation,
  messageId: MessageId | undefined,
): Promise<void> {
  const { options, print, signal } = call
  const ms = options.wait ?? (isWorthWaiting(call, conversation) ? GRACE_MS : 0)
  if (!call.isOnline || ms === 0) return
  if (messageId === undefined) {
    const isLinked = await waitUntil(() => conversation.syncState.peers > 0, {
      ms,
      signal,
      watch: (again) => conversation.on('syncState', again),
    })
    if (isLinked && !call.isAttached) await waitUntil(() => false, { ms: Math.min(ms, SETTLE_MS), signal, watch: () => () => undefined })
    if (!isLinked) print.note('Stored here. Nobody was reached yet; it goes out when a later command is online.')
    return
  }
  const isDelivered = async (): Promise<boolean> => {
    const state = (await conversation.getMessage(messageId))?.state
    return state === 'delivered' || state === 'seen'
  }
  const arrived = await waitUntil(isDelivered, { ms, signal, watch: (again) => conversation.on('messageState', again) })
  print.note(
    arrived ? 'Delivered to a device of another member.' : 'Stored here. Nobody has it yet; it goes out when a later command is online.',
  )
}

/**
 * Waits until that person takes part, or the time is over: somebody who was told of a conversation says so in it. Whoever has to be asked first
 * may take days, so without `--wait` it is but a moment, and the peer keeps telling them whenever it is online.
 */
export async function lingerUntilAnswered(
  call: Call<NetworkOptions & WaitOptions>,
  conversation: Conversation,
  user: UserId,
): Promise<void> {
  const { options, print, signal } = call
  const hasAnswered = (): boolean => conversation.members().some(({ id, devices }) => id === user && devices.length > 0)
  if (!call.isOnline || hasAnswered()) return
  const ms = options.wait ?? (call.isAttached ? 0 : GRACE_MS)
  const isThere = await waitUntil(hasAnswered, {
    ms,
    signal,
    watch: (again) => {
      const stops = [conversation.on('memberChanged', again), conversation.on('memberAdded', again)]
      return () => stops.forEach((stop) => stop())
    },
  })
  if (!isThere) print.note('They have not answered yet. They are told of it whenever you are both online: keep `parley daemon` running.')
}

function isWorthWaiting(call: Call<NetworkOptions>, conversation: Conversation): boolean {
  if (call.isAttached || !call.isOnline) return false
  const isAddressed = (call.options.peer ?? call.options.listen ?? call.options.rendezvous ?? call.options.relay) !== undefined
  // Without an address of ours there may be one from the invite; alone in a conversation there is nobody to wait for.
  return isAddressed || (conversation.syncState.phase !== 'offline' && conversation.members().length > 1)
}
