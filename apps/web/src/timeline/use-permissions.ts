import type { ConversationInfo } from '@parley/react'
import { useMemo } from 'react'
import type { Permissions } from './message-menu.ts'

/** What the own role allows with messages; in a conversation of two both may pin and hide. */
export function usePermissions({ state, role, kind }: ConversationInfo): Permissions {
  const member = state === 'member'
  const write = member && role !== 'reader'
  const moderate = member && (kind === 'direct' || role === 'founder' || role === 'admin' || role === 'moderator')
  return useMemo(() => ({ write, moderate }), [write, moderate])
}
