import { useMe, useParley } from '@parley/react'
import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import { smallPicture } from './picture.ts'

/** Longer names are cut by nobody, but nobody reads them either. */
export const MAX_NAME_LENGTH = 60

/** Who am I: the name and the picture that others see. */
export function ProfileSection(): ReactNode {
  const parley = useParley()
  const me = useMe()
  const [name, setName] = useState(me.name)
  const { run, busy } = useAction()
  const input = useRef<HTMLInputElement>(null)
  const isNew = name.trim() !== '' && name.trim() !== me.name
  return (
    <section className="settings-profile" aria-label={t('Your profile')}>
      <div className="settings-picture">
        <Avatar id={me.id} name={me.name} image={me.avatar} size="large" />
        <button type="button" className="text-button" disabled={busy} onClick={() => input.current?.click()}>
          {me.avatar === '' ? t('Add a picture') : t('Change picture')}
        </button>
        {me.avatar !== '' && (
          <button type="button" className="text-button" disabled={busy} onClick={() => void run(() => parley.setProfile({ avatar: '' }))}>
            {t('Remove it')}
          </button>
        )}
        <input
          ref={input}
          type="file"
          name="picture"
          accept="image/*"
          hidden
          onChange={({ target }) => {
            const [file] = target.files ?? []
            if (file !== undefined) void run(async () => parley.setProfile({ avatar: await smallPicture(file) }))
            // So that the same file can be picked again.
            target.value = ''
          }}
        />
      </div>
      <form
        className="settings-name"
        onSubmit={(event) => {
          event.preventDefault()
          if (isNew) void run(() => parley.setProfile({ name: name.trim() }))
        }}
      >
        <Field
          label={t('Your name')}
          value={name}
          onChange={setName}
          maxLength={MAX_NAME_LENGTH}
          autoComplete="nickname"
          hint={t('Members of your groups see it.')}
        />
        <button type="submit" className="button button-primary" disabled={busy || !isNew}>
          {t('Save')}
        </button>
      </form>
    </section>
  )
}
