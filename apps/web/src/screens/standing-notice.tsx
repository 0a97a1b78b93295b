import type { Conversation } from '@parley/chat'
import { useConversation, useMe, useParley } from '@parley/react'
import type { ConversationInfo } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useAction } from '../components/use-action.ts'
import { ForgetDialog } from '../dialogs/forget-dialog.tsx'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { nameOf } from '../text/people.ts'

/** Who removed this person, in words. */
function remover({ members, formerMembers }: ConversationInfo, me: string): string {
  const by = formerMembers.find(({ id }) => id === me)?.by
  return nameOf([...members, ...formerMembers].find(({ id }) => id === by) ?? { name: '' })
}

/** In the place of the composer where this person cannot write: why, and what they can do. */
export function StandingNotice({ conversation, onBack }: { conversation: Conversation; onBack: () => void }): ReactNode {
  const info = useConversation(conversation)
  const me = useMe()
  if (info.state === 'request') return <Request conversation={conversation} info={info} onBack={onBack} />
  if (info.state === 'archive') {
    return (
      <Gone conversation={conversation} onBack={onBack}>
        {t('An archive: what was said until it was exported. Nothing new comes, and nobody hears from you here.')}
      </Gone>
    )
  }
  if (info.state === 'left' || info.state === 'removed') {
    return (
      <Gone conversation={conversation} onBack={onBack}>
        {info.state === 'left'
          ? t('You left this group. What was said until then stays readable here.')
          : rich('You were removed by {name}. What was said until then stays readable here.', { name: <bdi>{remover(info, me.id)}</bdi> })}
      </Gone>
    )
  }
  return (
    <section className="standing">
      <p>{t('You can read here, but not write. An admin of the group can change that.')}</p>
    </section>
  )
}

function Gone({ conversation, children, onBack }: { conversation: Conversation; children: ReactNode; onBack: () => void }): ReactNode {
  const [asking, setAsking] = useState(false)
  return (
    <section className="standing">
      <output>{children}</output>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {t('Delete from this device')}
      </button>
      {asking && <ForgetDialog conversation={conversation} onClose={() => setAsking(false)} onForgotten={onBack} />}
    </section>
  )
}

function Request({ conversation, info, onBack }: { conversation: Conversation; info: ConversationInfo; onBack: () => void }): ReactNode {
  const parley = useParley()
  const me = useMe()
  const { run, busy } = useAction()
  const other = conversation.getMembers().find((id) => id !== me.id)
  const end = async (work: () => Promise<void>): Promise<void> => {
    if (await run(work)) onBack()
  }
  return (
    <section className="standing" aria-label={t('Message request')}>
      <p>
        {rich('{name} wants to talk with you. They hear nothing from you until you accept.', {
          name: <bdi className="strong">{info.title === '' ? t('Somebody') : info.title}</bdi>,
        })}
      </p>
      <div className="standing-actions">
        <button type="button" className="button button-primary" disabled={busy} onClick={() => void run(() => conversation.accept())}>
          {t('Accept')}
        </button>
        <button type="button" className="button" disabled={busy} onClick={() => void end(() => conversation.decline())}>
          {t('Decline')}
        </button>
        {other !== undefined && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={() =>
              void end(async () => {
                await parley.block(other)
                await conversation.decline()
              })
            }
          >
            {t('Block')}
          </button>
        )}
      </div>
    </section>
  )
}
