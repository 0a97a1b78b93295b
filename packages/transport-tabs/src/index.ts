/**
 * Transport between profiles in one browser: two tabs as two people, with no network at all. Tabs of one origin hear each other on a
 * BroadcastChannel, talk on another one for each pair, and learn from the browser's locks when a tab has died.
 *
 * ```ts
 * const transport = tabsTransport()
 * transport.setTopics([{ name: 'meaningless', secret: 'unused' }])
 * await transport.start({ clock, random, logger, onChannel: (channel) => channel.send(Uint8Array.of(1)) })
 * ```
 *
 * Topic names are said as they are: whoever can hear them is code of the same origin, which could read the profile as well.
 */
import type { Transport } from '@parley/core'
import { TabsTransport } from './transport.ts'

export interface TabsTransportInit {
  /** Tabs meet within one scope only; also the prefix of the names of channels and locks. Default `parley-tabs`. */
  scope?: string
}

const DEFAULT_SCOPE = 'parley-tabs'

/** Makes the transport. It can be imported anywhere; `start` fails with `Unreachable` where there are no tabs. */
export function tabsTransport(init: TabsTransportInit = {}): Transport {
  return new TabsTransport(init.scope ?? DEFAULT_SCOPE)
}
