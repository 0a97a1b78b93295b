/**
 * Who is reachable, by which path, what waits, and what gives trouble.
 */
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { diagnose } from '../diagnosis.ts'
import { formatDiagnosis, formatSurroundings } from '../format-diagnosis.ts'
import { examine } from '../surroundings.ts'
import { waitUntil } from '../wait.ts'
import { linkPatience } from './peer.ts'

export const doctorCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'doctor',
  summary: 'who is reachable, by which path, what waits, and what gives trouble: disk, clock, servers',
  group: 'Peer',
  examples: [
    ['doctor', 'ask while `parley daemon` runs: its links are the ones that matter'],
    ['doctor --offline', 'what waits on this disk'],
  ],
  reach: 'online',
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'until somebody is there and up to date, at most so long (default 2s, or not at all while a daemon runs)')
  },
  async run(call) {
    await untilSettled(call)
    const { parley, print, isOnline, isAttached, options, profile, signal } = call
    const inspection = parley.inspect()
    // Those of a running peer are its own, and are not the ones named here.
    const relays = isAttached ? [] : (options.relay ?? [])
    const surroundings = await examine({ profile, isAttached, isOnline, inspection, relays, signal })
    const diagnosis = { ...(await diagnose(parley, isOnline)), ...surroundings }
    print.result(diagnosis, () => [formatDiagnosis(diagnosis), formatSurroundings(surroundings)].join('\n'))
  },
})

/** Links that are just coming up would look like trouble: waits until a conversation is live and somebody is online in it, and none is behind. */
async function untilSettled(call: Call<WaitOptions>): Promise<void> {
  const { parley, signal } = call
  const isSettled = (): boolean => {
    const live = parley.conversations.filter(({ syncState }) => syncState.phase === 'live')
    const isAnybodyThere = live.some((one) => one.members().some(({ id, status }) => id !== parley.me.id && status === 'ONLINE'))
    return isAnybodyThere && parley.conversations.every(({ syncState }) => syncState.phase !== 'syncing')
  }
  const watch = (again: () => void): (() => void) => {
    const stops = parley.conversations.flatMap((one) => [one.on('syncState', again), one.on('memberStatus', again)])
    return () => stops.forEach((stop) => stop())
  }
  await waitUntil(isSettled, { ms: linkPatience(call), signal, watch })
}
