/** What lies in a store about one entry. */
import { conversationIdBytes, decodeEntry, messageIdParts, type ConversationId, type MessageId } from '@parley/protocol'
import { Keyspace } from '../src/replica/keyspace.ts'
import type { Store } from '../src/index.ts'

/** Whether the entry of a message, or the one `after` it in the same log, is there with its body. */
export async function storedBody(
  store: Store,
  conversation: ConversationId,
  message: MessageId,
  after = 0,
): Promise<'absent' | 'body' | 'purged'> {
  const { device, seq } = messageIdParts(message)
  const row = await store.get(new Keyspace(conversationIdBytes(conversation)).entry(device, seq + after))
  if (row === undefined) return 'absent'
  return decodeEntry(row).body === undefined ? 'purged' : 'body'
}
