import type { Conversation } from '@parley/chat'
import { useConversation, useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { ForgetDialog } from '../dialogs/forget-dialog.tsx'
import { t } from '../i18n/translate.ts'
import { connectionWords } from '../text/connection.ts'
import { wordsFor } from '../text/errors.ts'

/** Not a member yet: asked to be let in, or refused. Either can be given up. */
export function Waiting({ conversation, onBack }: { conversation: Conversation; onBack: () => void }): ReactNode {
  const parley = useParley()
  const { state, refusal, sync } = useConversation(conversation)
  const [asking, setAsking] = useState(false)
  const forget = (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {state === 'refused' ? t('Delete from this device') : t('Give up')}
      </button>
      {asking && <ForgetDialog conversation={conversation} onClose={() => setAsking(false)} onForgotten={onBack} />}
    </>
  )
  if (state === 'refused') {
    return (
      <section className="waiting" role="alert">
        <h3>{t('You were not let in')}</h3>
        <p>{refusal === undefined ? t('The invite link does not work any more. Ask a member for a new one.') : wordsFor(refusal)}</p>
        <div className="waiting-actions">
          <button type="button" className="button button-primary" onClick={onBack}>
            {t('Back to your conversations')}
          </button>
          {forget}
        </div>
      </section>
    )
  }
  return (
    <section className="waiting">
      <span className="waiting-pulse" aria-hidden="true" />
      <h3>{t('Waiting for a member to let you in')}</h3>
      <p>
        {t(
          'Your device asks every member it can reach. As soon as one of them is online, you are in. Leave this page open, or come back later: it asks again whenever Parley is open.',
        )}
      </p>
      <p className="quiet">{connectionWords(sync)}</p>
      <div className="waiting-actions">
        <button type="button" className="button" onClick={() => parley.wake()}>
          {t('Try now')}
        </button>
        <button type="button" className="button" onClick={onBack}>
          {t('Back to your conversations')}
        </button>
        {forget}
      </div>
    </section>
  )
}
