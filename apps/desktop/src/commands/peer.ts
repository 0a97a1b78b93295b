/**
 * The peer itself: staying online, and who it is connected to.
 */
import type { LinkInspection, Parley } from '@parley/core'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { nameOf } from '../format.ts'
import { aborted, waitUntil } from '../wait.ts'

/** For the first links to come up when the peer was started for this command. */
const FIRST_LINK_MS = 2000

export const daemonCommand = defineCommand<NetworkOptions>({
  usage: 'daemon',
  summary: 'stay online, serve your conversations and the other commands, until interrupted',
  group: 'Peer',
  examples: [
    ['daemon', 'listens on free ports, for desktops and for browsers, and prints its addresses'],
    [
      'daemon --rendezvous wss://meet.example.org --relay /dns4/meet.example.org/tcp/443/tls/ws/p2p/12D3…',
      'found by members wherever it is',
    ],
    ['daemon --listen /ip4/0.0.0.0/tcp/4001 --peer /ip4/192.0.2.7/tcp/4001', 'on a fixed port, connected to a peer'],
  ],
  reach: 'serves',
  listen: ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws'],
  ownsProfile: true,
  options: addNetworkOptions,
  async run({ parley, print, signal }) {
    const listening = parley.inspect().addresses
    print.result({ listening }, () =>
      listening.length === 0 ? 'Ready; not listening.' : ['Ready, listening on', ...listening].join('\n  '),
    )
    await aborted(signal)
    print.note('Closing.')
  },
})

export const peersCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'peers',
  summary: 'which devices are connected, and how',
  group: 'Peer',
  examples: [['peers', 'one line for each link; ask while `parley daemon` runs']],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'for a first link, at most so long (default 2s, or not at all while a daemon runs)')
  },
  async run(call) {
    const { parley, print } = call
    const isLinked = (): boolean => parley.inspect().links.some((link) => link.device !== undefined)
    await waitUntil(isLinked, { ms: linkPatience(call), signal: call.signal, watch: (again) => parley.on('connection', again) })
    const { links } = parley.inspect()
    for (const link of links) print.result(link, () => formatLink(link, parley))
    if (links.length === 0) print.note('No peer is connected.')
  },
})

/** How long a command that looks at links waits for them: a moment when the peer was started for it, else not unless it was asked to. */
export function linkPatience({ options, isAttached, isOnline }: Call<WaitOptions>): number {
  return isOnline ? (options.wait ?? (isAttached ? 0 : FIRST_LINK_MS)) : 0
}

function formatLink(link: LinkInspection, parley: Parley): string {
  const members = parley.conversations.flatMap((conversation) => conversation.members())
  const member = members.find(({ id }) => id === link.user)
  const who = member === undefined ? (link.user ?? 'somebody') : nameOf(member)
  const delay = link.roundTripMs === undefined ? '' : `  ${Math.round(link.roundTripMs)} ms`
  return `${who}  ${link.transport}  ${link.remote}${delay}  ${link.conversations.length} conversations  in ${link.bytesIn} out ${link.bytesOut} bytes`
}
