import type { Conversation } from '@parley/chat'
import { useConversation } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { Icon } from '../components/icon.tsx'
import { SelectField } from '../components/select-field.tsx'
import { useAction } from '../components/use-action.ts'
import { makeInvite } from '../engine/actions.ts'
import type { InviteChoice } from '../engine/actions.ts'
import { openAnotherPerson } from '../engine/page-location.ts'
import { useInvites } from '../engine/use-invites.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { titleOf } from '../text/people.ts'
import { AddContacts } from './add-contacts.tsx'
import { OpenInvites } from './open-invites.tsx'

type Uses = '1' | '10' | '50'
type Days = '1' | '7' | '30'

const useChoices = (): readonly (readonly [Uses, string])[] => [
  ['1', t('1 person')],
  ['10', t('{count} people', { count: 10 })],
  ['50', t('{count} people', { count: 50 })],
]
const roleChoices = (): readonly (readonly [InviteChoice['role'], string])[] => [
  ['writer', t('write')],
  ['reader', t('only read')],
  ['moderator', t('moderate')],
]
const dayChoices = (): readonly (readonly [Days, string])[] => [
  ['1', t('1 day')],
  ['7', t('{count} days', { count: 7 })],
  ['30', t('{count} days', { count: 30 })],
]

/** Bringing people in: a link to send, contacts to add, or a second person in this very browser. */
export function InviteDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const info = useConversation(conversation)
  const { invites, refresh } = useInvites(conversation)
  const [uses, setUses] = useState<Uses>('10')
  const [role, setRole] = useState<InviteChoice['role']>('writer')
  const [days, setDays] = useState<Days>('7')
  const [links, setLinks] = useState<Readonly<Record<string, string>>>({})
  const { run } = useAction()
  const making = useRef(new Set<string>())
  const choice = `${role} ${uses} ${days}`
  const revoked = new Set(invites.filter(({ state }) => state === 'revoked').map(({ link }) => link))
  const link = links[choice] ?? ''
  const isRevoked = link !== '' && revoked.has(link)
  // Never the link for one person: that one may just have been sent to somebody.
  const linkForAnother = Object.entries(links).find(([key, made]) => !key.includes(' 1 ') && !revoked.has(made))?.[1] ?? ''

  useEffect(() => {
    // One link for each choice while the dialog is open, not one for each look at it.
    if (making.current.has(choice)) return
    making.current.add(choice)
    void run(async () => {
      const made = await makeInvite(conversation, { role, uses: Number(uses), days: Number(days) })
      setLinks((known) => ({ ...known, [choice]: made }))
      refresh()
    })
  }, [conversation, choice, role, uses, days, run, refresh])

  return (
    <Dialog title={t('Invite people')} onClose={onClose}>
      <div className="stack">
        <p>
          {rich(
            'Whoever opens this link can join {title}. Send it over a channel that you trust. Somebody of the group has to be online to let people in.',
            { title: <bdi>{titleOf(info)}</bdi> },
          )}
        </p>
        <Field label={t('Invite link')} value={isRevoked ? t('Revoked') : link} readOnly placeholder={t('Making a link…')} />
        <div className="invite-choices">
          <SelectField label={t('Lets in')} value={uses} options={useChoices()} onChange={setUses} />
          <SelectField label={t('They can')} value={role} options={roleChoices()} onChange={setRole} />
          <SelectField label={t('Works for')} value={days} options={dayChoices()} onChange={setDays} />
        </div>
        <CopyButton
          text={isRevoked ? '' : link}
          label={t('Copy invite link')}
          done={t('Link copied')}
          announced={t('The invite link is on the clipboard')}
        />
        <AddContacts conversation={conversation} />
        <OpenInvites conversation={conversation} invites={invites} onRevoked={refresh} />
        <div className="invite-other">
          <div>
            <h3>{t('Try it alone')}</h3>
            <p className="quiet">{t('Opens a window beside this one where you are somebody else, with an invite to this group.')}</p>
          </div>
          <button type="button" className="button" disabled={linkForAnother === ''} onClick={() => openAnotherPerson(linkForAnother)}>
            <Icon name="device" />
            {t('Open as another person')}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
