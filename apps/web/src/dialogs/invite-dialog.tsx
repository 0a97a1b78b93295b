import type { Conversation } from '@parley/chat'
import { useEffect, useId, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { Icon } from '../components/icon.tsx'
import { toast } from '../components/toasts.tsx'
import { useAction } from '../components/use-action.ts'
import { makeInvite } from '../engine/actions.ts'
import { anotherPersonUrl } from '../engine/page-location.ts'
import { useConversation } from '../engine/use-conversation.ts'

/** How many people a link may let in; the first is offered first. */
const USES = [10, 1, 50] as const
/** How long the button says that it has copied. */
const COPIED_MS = 2_500

/** Bringing people in: a link to send, or a second person in this very browser. */
export function InviteDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const { title } = useConversation(conversation)
  const [uses, setUses] = useState<number>(USES[0])
  const [links, setLinks] = useState<Readonly<Record<number, string>>>({})
  const { run } = useAction()
  const making = useRef(new Set<number>())
  const usesId = useId()
  const link = links[uses] ?? ''
  // Never the link for one person: that one may just have been sent to somebody.
  const linkForAnother = links[USES[0]] ?? ''

  useEffect(() => {
    // One link for each choice while the dialog is open, not one for each look at it.
    if (making.current.has(uses)) return
    making.current.add(uses)
    void run(async () => {
      const made = await makeInvite(conversation, uses)
      setLinks((known) => ({ ...known, [uses]: made }))
    })
  }, [conversation, uses, run])

  return (
    <Dialog title="Invite people" onClose={onClose}>
      <div className="stack">
        <p>
          Whoever opens this link can join <bdi>{title}</bdi>. Send it over a channel that you trust. It works for 7 days, and somebody of
          the group has to be online to let people in.
        </p>
        <Field label="Invite link" value={link} readOnly placeholder="Making a link…" />
        <div className="invite-row">
          <label htmlFor={usesId}>Lets in</label>
          <select id={usesId} value={uses} onChange={(event) => setUses(Number(event.target.value))}>
            {USES.toSorted((a, b) => a - b).map((count) => (
              <option key={count} value={count}>
                {count === 1 ? '1 person' : `up to ${count} people`}
              </option>
            ))}
          </select>
          <CopyButton text={link} />
        </div>
        <div className="invite-other">
          <div>
            <h3>Try it alone</h3>
            <p className="quiet">Opens a new tab where you are somebody else, with an invite to this group.</p>
          </div>
          <button
            type="button"
            className="button"
            disabled={linkForAnother === ''}
            onClick={() => window.open(anotherPersonUrl(linkForAnother), '_blank', 'noopener')}
          >
            <Icon name="device" />
            Open as another person
          </button>
        </div>
      </div>
    </Dialog>
  )
}

function CopyButton({ text }: { text: string }): ReactNode {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch (error) {
      console.info('the clipboard is not available', error)
      toast('The browser did not allow copying. Select the link and copy it by hand.', 'error')
    }
  }
  return (
    <>
      <button type="button" className="button button-primary copy-button" disabled={text === ''} onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} />
        {copied ? 'Link copied' : 'Copy invite link'}
      </button>
      <output className="visually-hidden">{copied ? 'The invite link is on the clipboard' : ''}</output>
    </>
  )
}
