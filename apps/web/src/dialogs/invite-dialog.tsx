import type { Conversation } from '@parley/chat'
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
import { useConversation } from '../engine/use-conversation.ts'
import { useInvites } from '../engine/use-invites.ts'
import { titleOf } from '../text/people.ts'
import { AddContacts } from './add-contacts.tsx'
import { OpenInvites } from './open-invites.tsx'

const USES = [
  ['1', '1 person'],
  ['10', '10 people'],
  ['50', '50 people'],
] as const
const ROLES = [
  ['writer', 'write'],
  ['reader', 'only read'],
  ['moderator', 'moderate'],
] as const
const DAYS = [
  ['1', '1 day'],
  ['7', '7 days'],
  ['30', '30 days'],
] as const

type Uses = (typeof USES)[number][0]
type Days = (typeof DAYS)[number][0]

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
    <Dialog title="Invite people" onClose={onClose}>
      <div className="stack">
        <p>
          Whoever opens this link can join <bdi>{titleOf(info)}</bdi>. Send it over a channel that you trust. Somebody of the group has to
          be online to let people in.
        </p>
        <Field label="Invite link" value={isRevoked ? 'Revoked' : link} readOnly placeholder="Making a link…" />
        <div className="invite-choices">
          <SelectField label="Lets in" value={uses} options={USES} onChange={setUses} />
          <SelectField label="They can" value={role} options={ROLES} onChange={setRole} />
          <SelectField label="Works for" value={days} options={DAYS} onChange={setDays} />
        </div>
        <CopyButton
          text={isRevoked ? '' : link}
          label="Copy invite link"
          done="Link copied"
          announced="The invite link is on the clipboard"
        />
        <AddContacts conversation={conversation} />
        <OpenInvites conversation={conversation} invites={invites} onRevoked={refresh} />
        <div className="invite-other">
          <div>
            <h3>Try it alone</h3>
            <p className="quiet">Opens a window beside this one where you are somebody else, with an invite to this group.</p>
          </div>
          <button type="button" className="button" disabled={linkForAnother === ''} onClick={() => openAnotherPerson(linkForAnother)}>
            <Icon name="device" />
            Open as another person
          </button>
        </div>
      </div>
    </Dialog>
  )
}
