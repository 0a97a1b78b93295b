import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import type { SessionState } from '../engine/session.ts'
import { shortCodeWords } from '../text/devices.ts'

/** This device is on its way to being one of somebody's. */
export function BecomingScreen({ state }: { state: Extract<SessionState, { status: 'becoming' }> }): ReactNode {
  return (
    <main className="card-screen">
      <div className="card stack">
        <Brand large />
        {state.how === 'recover' ? (
          <>
            <h1>Looking for you</h1>
            <output>
              Waiting for somebody who knows you: a member of one of your groups, or another device of yours. Leave this page open.
            </output>
          </>
        ) : state.code === undefined ? (
          <>
            <h1>Reaching your other device</h1>
            <output>Keep Parley open there.</output>
          </>
        ) : (
          <>
            <h1>Compare the digits</h1>
            <p>Your other device shows six digits too. When they are the same, say so there.</p>
            <output className="short-code" aria-label="Digits to compare">
              {shortCodeWords(state.code)}
            </output>
          </>
        )}
        <button type="button" className="button button-large" onClick={state.cancel}>
          Cancel
        </button>
      </div>
    </main>
  )
}
