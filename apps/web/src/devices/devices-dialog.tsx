import type { Device } from '@parley/chat'
import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Icon } from '../components/icon.tsx'
import { MenuButton } from '../components/menu.tsx'
import { useNow } from '../components/use-now.ts'
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx'
import { useDevices } from '../engine/use-devices.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { deviceNameOf } from '../text/devices.ts'
import { dayName } from '../text/time.ts'
import { RenameDeviceDialog } from './rename-device-dialog.tsx'

interface DevicesDialogProps {
  onAdd: () => void
  onClose: () => void
}

type Asking = { readonly kind: 'rename' | 'remove'; readonly device: Device }

/** Where this person is: every device, each of which can be cut off by the others. */
export function DevicesDialog({ onAdd, onClose }: DevicesDialogProps): ReactNode {
  const parley = useParley()
  const { active, removed } = useDevices()
  const [asking, setAsking] = useState<Asking>()
  const close = (): void => setAsking(undefined)
  return (
    <Dialog title={t('Your devices')} onClose={onClose}>
      <div className="stack">
        <ul className="contacts" aria-label={t('Devices')}>
          {active.map((device) => (
            <DeviceRow
              key={device.id}
              device={device}
              onRename={() => setAsking({ kind: 'rename', device })}
              onRemove={() => setAsking({ kind: 'remove', device })}
            />
          ))}
        </ul>
        <button type="button" className="button button-primary" onClick={onAdd}>
          <Icon name="plus" />
          {t('Add a device')}
        </button>
        {removed.length > 0 && (
          <details className="former">
            <summary>{t('Removed devices ({count})', { count: removed.length })}</summary>
            <ul className="contacts" aria-label={t('Removed devices')}>
              {removed.map((device) => (
                <DeviceRow key={device.id} device={device} />
              ))}
            </ul>
          </details>
        )}
      </div>
      {asking?.kind === 'rename' && <RenameDeviceDialog device={asking.device} onClose={close} />}
      {asking?.kind === 'remove' && (
        <ConfirmDialog
          title={t('Remove this device?')}
          confirm={t('Remove')}
          work={() => parley.removeDevice(asking.device.id)}
          onClose={close}
        >
          <p>
            {rich(
              '{device} is cut off from every conversation: it reads nothing that is said from now on, and nobody shows what it writes. What it holds already stays on it. It can never come back; add it anew if you find it.',
              { device: <bdi className="strong">{deviceNameOf(asking.device)}</bdi> },
            )}
          </p>
        </ConfirmDialog>
      )}
    </Dialog>
  )
}

interface DeviceRowProps {
  device: Device
  onRename?: () => void
  onRemove?: () => void
}

function DeviceRow({ device, onRename, onRemove }: DeviceRowProps): ReactNode {
  const now = useNow()
  const name = deviceNameOf(device)
  return (
    <li className="contact">
      <span className="file-icon">
        <Icon name="device" />
      </span>
      <span className="contact-name device-name">
        <bdi>{name}</bdi>
        <span className="quiet">
          {device.isThis && <>{t('This device')} · </>}
          {device.removedAt === undefined
            ? t('Added {day}', { day: dayName(device.addedAt, now) })
            : t('Removed {day}', { day: dayName(device.removedAt, now) })}
        </span>
      </span>
      {onRename !== undefined && onRemove !== undefined && (
        <MenuButton
          icon="more"
          label={t('About {name}', { name })}
          items={[
            { icon: 'edit', label: t('Rename'), onSelect: onRename },
            ...(device.isThis ? [] : [{ icon: 'trash', label: t('Remove'), danger: true, onSelect: onRemove } as const]),
          ]}
        />
      )}
    </li>
  )
}
