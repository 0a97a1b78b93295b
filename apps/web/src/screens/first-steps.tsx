import type { Conversation } from '@parley/chat'
import { useParley } from '@parley/react'
import type { ReactNode } from 'react'
import { useAction } from '../components/use-action.ts'
import { makeInvite } from '../engine/actions.ts'
import { openAnotherPerson } from '../engine/page-location.ts'
import { t } from '../i18n/translate.ts'
import { SettingsRow } from '../settings/settings-row.tsx'

interface FirstStepsProps {
  onNewGroup: () => void
  onAddContact: () => void
  /** A group was made to try things in. */
  onTry: (conversation: Conversation) => void
}

/** Nothing is here yet: three ways to begin, one of which needs nobody else. */
export function FirstSteps({ onNewGroup, onAddContact, onTry }: FirstStepsProps): ReactNode {
  const parley = useParley()
  const { run, busy } = useAction()
  const tryAlone = (): Promise<boolean> =>
    run(async () => {
      const conversation = await parley.createGroup({ title: t('Just trying') })
      openAnotherPerson(await makeInvite(conversation, { role: 'writer', uses: 10, days: 1 }))
      onTry(conversation)
    })
  return (
    <div className="first-steps">
      <h2>{t('Start your first conversation')}</h2>
      <p className="quiet">{t('Everything stays between the devices of those who take part.')}</p>
      <ul>
        <li>
          <SettingsRow icon="members" title={t('Start a group')} hint={t('Send its link to whomever you like.')} onClick={onNewGroup} />
        </li>
        <li>
          <SettingsRow
            icon="card"
            title={t('Add somebody by their card')}
            hint={t('And write to each other alone.')}
            onClick={onAddContact}
          />
        </li>
        <li>
          <SettingsRow
            icon="device"
            title={t('Try it alone')}
            hint={t('Opens a second person beside you, to talk with yourself.')}
            disabled={busy}
            onClick={() => void tryAlone()}
          />
        </li>
      </ul>
    </div>
  )
}
