import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { useAction } from '../components/use-action.ts'
import { makeInvite } from '../engine/actions.ts'
import { openAnotherPerson } from '../engine/page-location.ts'
import { useParley } from '../engine/use-parley.tsx'
import { SettingsRow } from '../settings/settings-row.tsx'

interface FirstStepsProps {
  onNewGroup: () => void
  onAddContact: () => void
  /** A group was made to try things in. */
  onTry: (conversation: Conversation) => void
}

const TRY_TITLE = 'Just trying'

/** Nothing is here yet: three ways to begin, one of which needs nobody else. */
export function FirstSteps({ onNewGroup, onAddContact, onTry }: FirstStepsProps): ReactNode {
  const parley = useParley()
  const { run, busy } = useAction()
  const tryAlone = (): Promise<boolean> =>
    run(async () => {
      const conversation = await parley.createGroup({ title: TRY_TITLE })
      openAnotherPerson(await makeInvite(conversation, { role: 'writer', uses: 10, days: 1 }))
      onTry(conversation)
    })
  return (
    <div className="first-steps">
      <h2>Start your first conversation</h2>
      <p className="quiet">Everything stays between the devices of those who take part.</p>
      <ul>
        <li>
          <SettingsRow icon="members" title="Start a group" hint="Send its link to whomever you like." onClick={onNewGroup} />
        </li>
        <li>
          <SettingsRow icon="card" title="Add somebody by their card" hint="And write to each other alone." onClick={onAddContact} />
        </li>
        <li>
          <SettingsRow
            icon="device"
            title="Try it alone"
            hint="Opens a second person beside you, to talk with yourself."
            disabled={busy}
            onClick={() => void tryAlone()}
          />
        </li>
      </ul>
    </div>
  )
}
