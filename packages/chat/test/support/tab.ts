/** Runs in an iframe of the test page, which stands for a tab: it has a window, locks and channels of its own, and dies without a word. */
import { createParley, tabStatus } from '../../src/index.browser.ts'

/** What the test page finds on the window of the iframe. */
export interface Tab {
  createParley: typeof createParley
  tabStatus: typeof tabStatus
}

const tab: Tab = { createParley, tabStatus }
Object.assign(globalThis, { tab })
globalThis.frameElement?.dispatchEvent(new Event('tab'))
