import type { Device } from '@parley/chat'
import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'

/** As the engine takes it. */
const MAX_DEVICE_NAME_LENGTH = 64

/** A name by which a person knows their own device again. */
export function RenameDeviceDialog({ device, onClose }: { device: Device; onClose: () => void }): ReactNode {
  const parley = useParley()
  const [name, setName] = useState(device.name)
  const { run, busy } = useAction()
  const save = async (): Promise<void> => {
    if (await run(() => parley.renameDevice(device.id, name.trim()))) onClose()
  }
  return (
    <Dialog title={t('Rename the device')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Field
          label={t('Name of the device')}
          value={name}
          onChange={setName}
          maxLength={MAX_DEVICE_NAME_LENGTH}
          autoComplete="off"
          hint={t('People in your conversations may see it.')}
          data-focus-first
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || name.trim() === ''}>
            {t('Save')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
