import type { Conversation } from '@parley/chat'
import { useConversation } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { SelectField } from '../components/select-field.tsx'
import { useAction } from '../components/use-action.ts'
import { descriptionOf } from '../engine/description.ts'
import { saveDetails } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { mayManage } from '../text/people.ts'
import { MAX_TITLE_LENGTH } from './new-group-dialog.tsx'

const MAX_DESCRIPTION_LENGTH = 300

/** What newcomers can read, in words. */
export function historyWords(): readonly (readonly ['full' | 'joined', string])[] {
  return [
    ['full', t('Everything that was said')],
    ['joined', t('Only what is said after they join')],
  ]
}

/** What a group is called, what it is for, and what newcomers can read. */
export function DetailsDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const info = useConversation(conversation)
  const [title, setTitle] = useState(info.title)
  const [description, setDescription] = useState(descriptionOf(info))
  const [history, setHistory] = useState(info.history)
  const { run, busy } = useAction()
  const manages = mayManage(info.role)
  const save = async (): Promise<void> => {
    if (await run(() => saveDetails(conversation, { title: title.trim(), description: description.trim(), history }))) onClose()
  }
  return (
    <Dialog title={t('Group details')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Field label={t('Title')} value={title} onChange={setTitle} maxLength={MAX_TITLE_LENGTH} autoComplete="off" />
        <Field
          label={t('Description')}
          value={description}
          onChange={setDescription}
          maxLength={MAX_DESCRIPTION_LENGTH}
          autoComplete="off"
          hint={t('Every member sees it.')}
        />
        <SelectField
          label={t('Newcomers can read')}
          value={history}
          options={historyWords()}
          onChange={setHistory}
          disabled={!manages}
          hint={manages ? t('For those who join from now on.') : t('Admins of the group decide this.')}
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || title.trim() === ''}>
            {t('Save')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
