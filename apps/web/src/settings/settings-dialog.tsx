import { useMe, useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { SelectField } from '../components/select-field.tsx'
import { Segments } from '../components/segments.tsx'
import { Switch } from '../components/switch.tsx'
import { useAction } from '../components/use-action.ts'
import { useDevices } from '../engine/use-devices.ts'
import { chooseLanguage, LANGUAGES } from '../i18n/language.ts'
import { t } from '../i18n/translate.ts'
import { useLanguage } from '../i18n/words.tsx'
import { NotificationsSection } from './notifications-section.tsx'
import { ProfileSection } from './profile-section.tsx'
import { SettingsRow } from './settings-row.tsx'
import { StorageSection } from './storage-section.tsx'
import { chooseTheme, chosenTheme } from './theme.ts'
import type { Theme } from './theme.ts'

const themes = (): readonly (readonly [Theme, string])[] => [
  ['system', t('System')],
  ['light', t('Light')],
  ['dark', t('Dark')],
]

interface SettingsDialogProps {
  onDevices: () => void
  onRecovery: () => void
  onImport: () => void
  onErase: () => void
  onClose: () => void
}

/** What a person can decide about themselves and this device. */
export function SettingsDialog({ onDevices, onRecovery, onImport, onErase, onClose }: SettingsDialogProps): ReactNode {
  const me = useMe()
  const { active, recovery } = useDevices()
  const [theme, setTheme] = useState(chosenTheme)
  return (
    <Dialog title={t('Settings')} onClose={onClose}>
      <div className="settings">
        <ProfileSection />
        <section aria-labelledby="settings-look">
          <h3 id="settings-look">{t('Look')}</h3>
          <Segments
            label={t('Theme')}
            value={theme}
            options={themes()}
            onChange={(chosen) => {
              chooseTheme(chosen)
              setTheme(chosen)
            }}
          />
          <LanguageField />
        </section>
        <section aria-labelledby="settings-notifications">
          <h3 id="settings-notifications">{t('Notifications')}</h3>
          <NotificationsSection />
        </section>
        <section aria-labelledby="settings-privacy">
          <h3 id="settings-privacy">{t('Privacy')}</h3>
          <Receipts />
        </section>
        <section aria-labelledby="settings-devices">
          <h3 id="settings-devices">{t('Devices')}</h3>
          <div className="settings-rows">
            <SettingsRow
              icon="device"
              title={t('Your devices')}
              hint={active.length === 1 ? t('Only this one') : t('{count} devices', { count: active.length })}
              onClick={onDevices}
            />
            <SettingsRow
              icon="key"
              title={t('Recovery phrase')}
              hint={
                recovery === undefined ? t('None yet: without one, losing all devices is losing everything') : t('You have one on paper')
              }
              onClick={onRecovery}
            />
          </div>
        </section>
        <section aria-labelledby="settings-storage">
          <h3 id="settings-storage">{t('Storage')}</h3>
          <StorageSection />
          <div className="settings-rows">
            <SettingsRow
              icon="history"
              title={t('Import a conversation')}
              hint={t('From a file that was exported before')}
              onClick={onImport}
            />
            <SettingsRow
              icon="trash"
              title={t('Delete everything')}
              hint={t('Your identity, conversations and files, from this browser')}
              onClick={onErase}
            />
          </div>
        </section>
        <section aria-labelledby="settings-id">
          <h3 id="settings-id">{t('Your id')}</h3>
          <p className="quiet">{t('Made on this device. Names can be alike, ids cannot.')}</p>
          <p className="settings-id">{me.id}</p>
          <CopyButton text={me.id} label={t('Copy id')} done={t('Id copied')} announced={t('Your id is on the clipboard')} />
        </section>
      </div>
    </Dialog>
  )
}

function LanguageField(): ReactNode {
  const { run } = useAction()
  return (
    <SelectField
      label={t('Language')}
      value={useLanguage()}
      options={LANGUAGES}
      onChange={(chosen) => void run(() => chooseLanguage(chosen))}
    />
  )
}

function Receipts(): ReactNode {
  const parley = useParley()
  const [on, setOn] = useState(parley.preferences.sendSeen)
  const { run } = useAction()
  const choose = async (wanted: boolean): Promise<void> => {
    setOn(wanted)
    if (!(await run(() => parley.setPreferences({ sendSeen: wanted })))) setOn(!wanted)
  }
  return (
    <Switch
      label={t('Tell others what you have read')}
      hint={t('When it is off, nobody sees whether you have read their messages. You still see whether they have read yours.')}
      on={on}
      onChange={(wanted) => void choose(wanted)}
    />
  )
}
