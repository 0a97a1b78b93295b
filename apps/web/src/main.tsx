import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { pageProfile } from './engine/page-location.ts'
import { Session } from './engine/session.ts'
import { startLanguage } from './i18n/language.ts'
import { startOffline } from './offline/updates.ts'
import { App } from './screens/app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/sidebar.css'
import './styles/timeline.css'
import './styles/messages.css'
import './styles/formatting.css'
import './styles/files.css'
import './styles/composer.css'
import './styles/members.css'
import './styles/overlays.css'
import './styles/popups.css'
import './styles/people.css'
import './styles/search.css'
import './styles/settings.css'
import './styles/devices.css'
import './styles/card.css'

// One engine for the life of the page, outside of React.
const session = new Session(pageProfile())
// The files for times without a network come last: nobody waits for them.
void session.start().then(startOffline)

const container = document.getElementById('app')
if (container === null) throw new Error('index.html has no element with the id "app"')
// Not a moment in the wrong language: the words come first, and the engine starts meanwhile.
await startLanguage()
createRoot(container).render(
  <StrictMode>
    <App session={session} />
  </StrictMode>,
)
