import type { Conversation, Message } from '@parley/chat'
import { useConversations, useMe } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { toast } from '../components/toasts.tsx'
import { useAction } from '../components/use-action.ts'
import { forwardMessage } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { summaryOf } from '../text/messages.ts'
import { faceOf, nameList, nameOf, titleOf } from '../text/people.ts'

/** Fewer conversations are found without a search. */
const SEARCH_FROM = 8

function isWritable({ state, role }: Conversation): boolean {
  return state === 'member' && role !== 'reader'
}

/** Passes a message on: to one conversation or to several. */
export function ForwardDialog({ message, onClose }: { message: Message; onClose: () => void }): ReactNode {
  const me = useMe()
  const all = useConversations().conversations.filter(isWritable)
  const [chosen, setChosen] = useState<readonly Conversation[]>([])
  const [words, setWords] = useState('')
  const { run, busy } = useAction()
  const wanted = words.trim().toLocaleLowerCase()
  const infoOf = (conversation: Conversation) => ({
    id: conversation.getId(),
    kind: conversation.kind,
    title: conversation.getTitle(),
    avatar: conversation.getAvatar(),
    members: conversation.members(),
  })
  const shown = all.filter((conversation) => titleOf(infoOf(conversation)).toLocaleLowerCase().includes(wanted))
  const send = async (): Promise<void> => {
    if (!(await run(() => forwardMessage(chosen, message.id)))) return
    toast(t('Forwarded to {names}.', { names: nameList(chosen.map((conversation) => titleOf(infoOf(conversation)))) }))
    onClose()
  }
  return (
    <Dialog title={t('Forward to')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen.length > 0) void send()
        }}
      >
        <blockquote className="quote">
          <bdi className="quote-author">{nameOf(message.author)}</bdi>
          <span className="quote-text" dir="auto">
            {summaryOf(message)}
          </span>
        </blockquote>
        {all.length >= SEARCH_FROM && (
          <Field label={t('Find a conversation')} value={words} onChange={setWords} autoComplete="off" data-focus-first />
        )}
        <fieldset className="contacts choices">
          <legend className="visually-hidden">{t('Conversations')}</legend>
          {shown.map((conversation) => {
            const info = infoOf(conversation)
            return (
              <label key={info.id} className="contact">
                <Avatar
                  id={faceOf(info, me.id)}
                  name={info.title}
                  image={info.avatar}
                  size="medium"
                  shape={info.kind === 'direct' ? 'person' : 'group'}
                />
                <bdi className="contact-name">{titleOf(info)}</bdi>
                <input
                  type="checkbox"
                  name="to"
                  checked={chosen.includes(conversation)}
                  onChange={({ target }) =>
                    setChosen(target.checked ? [...chosen, conversation] : chosen.filter((one) => one !== conversation))
                  }
                />
              </label>
            )
          })}
          {shown.length === 0 && <p className="quiet">{t('No conversation of that name.')}</p>}
        </fieldset>
        <p className="quiet">{t('Those who read it there see who said it first.')}</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || chosen.length === 0}>
            {t('Forward')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
