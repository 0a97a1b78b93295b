import { useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Segments } from '../components/segments.tsx'
import { Switch } from '../components/switch.tsx'
import { useAction } from '../components/use-action.ts'
import { useDevices } from '../engine/use-devices.ts'
import { useMe, useParley } from '../engine/use-parley.tsx'
import { NotificationsSection } from './notifications-section.tsx'
import { ProfileSection } from './profile-section.tsx'
import { SettingsRow } from './settings-row.tsx'
import { StorageSection } from './storage-section.tsx'
import { chooseTheme, chosenTheme } from './theme.ts'

const THEMES = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

interface SettingsDialogProps {
  onDevices: () => void
  onRecovery: () => void
  onImport: () => void
  onClose: () => void
}

/** What a person can decide about themselves and this device. */
export function SettingsDialog({ onDevices, onRecovery, onImport, onClose }: SettingsDialogProps): ReactNode {
  const me = useMe()
  const { active, recovery } = useDevices()
  const [theme, setTheme] = useState(chosenTheme)
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div className="settings">
        <ProfileSection />
        <section aria-labelledby="settings-look">
          <h3 id="settings-look">Look</h3>
          <Segments
            label="Theme"
            value={theme}
            options={THEMES}
            onChange={(chosen) => {
              chooseTheme(chosen)
              setTheme(chosen)
            }}
          />
        </section>
        <section aria-labelledby="settings-notifications">
          <h3 id="settings-notifications">Notifications</h3>
          <NotificationsSection />
        </section>
        <section aria-labelledby="settings-privacy">
          <h3 id="settings-privacy">Privacy</h3>
          <Receipts />
        </section>
        <section aria-labelledby="settings-devices">
          <h3 id="settings-devices">Devices</h3>
          <div className="settings-rows">
            <SettingsRow
              icon="device"
              title="Your devices"
              hint={active.length === 1 ? 'Only this one' : `${active.length} devices`}
              onClick={onDevices}
            />
            <SettingsRow
              icon="key"
              title="Recovery phrase"
              hint={recovery === undefined ? 'None yet: without one, losing all devices is losing everything' : 'You have one on paper'}
              onClick={onRecovery}
            />
          </div>
        </section>
        <section aria-labelledby="settings-storage">
          <h3 id="settings-storage">Storage</h3>
          <StorageSection />
          <div className="settings-rows">
            <SettingsRow icon="history" title="Import a conversation" hint="From a file that was exported before" onClick={onImport} />
          </div>
        </section>
        <section aria-labelledby="settings-id">
          <h3 id="settings-id">Your id</h3>
          <p className="quiet">Made on this device. Names can be alike, ids cannot.</p>
          <p className="settings-id">{me.id}</p>
          <CopyButton text={me.id} label="Copy id" done="Id copied" announced="Your id is on the clipboard" />
        </section>
      </div>
    </Dialog>
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
      label="Tell others what you have read"
      hint="When it is off, nobody sees whether you have read their messages. You still see whether they have read yours."
      on={on}
      onChange={(wanted) => void choose(wanted)}
    />
  )
}
