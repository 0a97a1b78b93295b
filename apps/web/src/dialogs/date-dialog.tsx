import type { Conversation, Message } from '@parley/chat'
import { timelineOf } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { useNow } from '../components/use-now.ts'
import { t } from '../i18n/translate.ts'

interface DateDialogProps {
  conversation: Conversation
  onJump: (id: Message['id']) => void
  onClose: () => void
}

/** A day as the field has it, in the time zone of this device. */
function dayOf(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** Goes to what was said on a day, or next after it. */
export function DateDialog({ conversation, onJump, onClose }: DateDialogProps): ReactNode {
  const today = dayOf(new Date(useNow()))
  const [day, setDay] = useState(today)
  const { run, busy } = useAction()
  const go = async (): Promise<void> => {
    const from = new Date(`${day}T00:00`)
    const timeline = timelineOf(conversation)
    if (!(await run(() => timeline.jump(from)))) return
    const { messages } = timeline.getSnapshot()
    const first = messages.find(({ sentAt }) => sentAt >= from.getTime()) ?? messages.at(-1)
    onClose()
    if (first !== undefined) onJump(first.id)
  }
  return (
    <Dialog title={t('Go to a date')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        <Field
          label={t('Day')}
          type="date"
          value={day}
          max={today}
          onChange={setDay}
          required
          hint={t('When nothing was said on it, the next message is shown.')}
          data-focus-first
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || day === ''}>
            {t('Go there')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
