import { useState } from 'react'
import type { ReactNode } from 'react'
import { Switch } from '../components/switch.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import type { PlainText } from '../i18n/translate.ts'
import { notificationState, switchNotifications } from '../notify/notifications.ts'
import type { NotificationState } from '../notify/notifications.ts'

const HINTS: Readonly<Record<NotificationState, PlainText>> = {
  on: 'While Parley is open and you look at something else. Muted conversations stay silent.',
  off: 'While Parley is open and you look at something else. The browser asks you once.',
  refused: 'You told this browser no. Its settings for this page can change that.',
  unavailable: 'This browser has no notifications.',
}

/** Whether new messages are told while the page is in the background. */
export function NotificationsSection(): ReactNode {
  const [state, setState] = useState(notificationState)
  const { run } = useAction()
  const choose = (on: boolean): Promise<boolean> => run(async () => setState(await switchNotifications(on)))
  return (
    <Switch
      label={t('Tell me of new messages')}
      hint={t(HINTS[state])}
      on={state === 'on'}
      disabled={state === 'refused' || state === 'unavailable'}
      onChange={(on) => void choose(on)}
    />
  )
}
