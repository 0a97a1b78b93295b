/**
 * Telling of new messages while nobody looks at the page. Off until the person switches it on, which is when the browser asks them.
 */
import type { Conversation, Message, Parley } from '@parley/chat'
import { recall, remember } from '../engine/remembered.ts'
import { summaryOf } from '../text/messages.ts'
import { nameOf, titleOf } from '../text/people.ts'

const KEY = 'notifications'
/** What was said longer ago is history that comes in, no news. */
const MAX_AGE_MS = 5 * 60_000

/** `unavailable`: this browser has none. `refused`: the person told the browser no, which only its own settings can change. */
export type NotificationState = 'on' | 'off' | 'refused' | 'unavailable'

export function notificationState(): NotificationState {
  if (!('Notification' in globalThis)) return 'unavailable'
  if (Notification.permission === 'denied') return 'refused'
  return Notification.permission === 'granted' && recall(KEY) === 'on' ? 'on' : 'off'
}

/** Asks the browser where that is needed. Resolves to how it stands then. */
export async function switchNotifications(on: boolean): Promise<NotificationState> {
  if (on && notificationState() !== 'unavailable') await Notification.requestPermission()
  remember(KEY, on ? 'on' : 'off')
  return notificationState()
}

function tell(conversation: Conversation, message: Message, onOpen: () => void): void {
  if (
    notificationState() !== 'on' ||
    document.visibilityState === 'visible' ||
    message.sentAt < Date.now() - MAX_AGE_MS ||
    conversation.isMuted ||
    message.isBlocked
  )
    return
  const { kind } = conversation
  const author = nameOf(message.author)
  const notification = new Notification(kind === 'group' ? `${author}, ${titleOf({ title: conversation.getTitle(), kind })}` : author, {
    body: summaryOf(message),
    icon: '/icon-192.png',
    // The tabs of a person tell the same thing once.
    tag: message.id,
  })
  notification.addEventListener('click', () => {
    window.focus()
    notification.close()
    onOpen()
  })
}

/** Tells of messages in all conversations, also in those that come. Returns the function that ends it. */
export function notifyOf(parley: Parley, onOpen: (conversation: Conversation, message: Message['id']) => void): () => void {
  const stops = new Map<Conversation, () => void>()
  const follow = (): void => {
    for (const conversation of parley.conversations) {
      if (stops.has(conversation)) continue
      const heard = (message: Message): void => tell(conversation, message, () => onOpen(conversation, message.id))
      stops.set(conversation, conversation.on('message', heard))
    }
  }
  follow()
  const stop = parley.on('conversations', follow)
  return () => {
    stop()
    for (const end of stops.values()) end()
  }
}
