/** Runs in an iframe of the test page, which stands for another tab. */
import { tabsTransport } from '../src/index.ts'

/** What the test page finds on the window of the iframe. */
export interface Guest {
  tabsTransport: typeof tabsTransport
}

const guest: Guest = { tabsTransport }
Object.assign(globalThis, { guest })
globalThis.frameElement?.dispatchEvent(new Event('guest'))
