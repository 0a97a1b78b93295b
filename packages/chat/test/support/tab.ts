/** Runs in an iframe of the test page, which stands for a tab: it has a window, locks and channels of its own, and dies without a word. */
import { createParley, tabStatus } from '../../src/index.browser.ts'

/** What the test page finds on the window of the iframe. */
export interface Tab {
  createParley: typeof createParley
  tabStatus: typeof tabStatus
}

// Vitest wraps every `import()` in this, and gives it to the test page only.
const RUNNER = '__vitest_browser_runner__'
Object.assign(globalThis, { [RUNNER]: (globalThis.parent as unknown as Record<string, unknown>)[RUNNER] })

const tab: Tab = { createParley, tabStatus }
Object.assign(globalThis, { tab })
globalThis.frameElement?.dispatchEvent(new Event('tab'))
