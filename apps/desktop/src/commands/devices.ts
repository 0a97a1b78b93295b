/**
 * Several devices for one person: which there are, adding and removing one, the recovery phrase, and making sure of others.
 */
import { ParleyError } from '@parley/protocol'
import type { Device } from '@parley/core'
import { addNetworkOptions, addWaitOption, defineCommand } from '../command.ts'
import type { Call, NetworkOptions, WaitOptions } from '../command.ts'
import { dayOf, nameOf, titleOf } from '../format.ts'
import { findPerson, readUserId } from '../resolve.ts'
import { oneLine } from '../text.ts'
import { waitUntil } from '../wait.ts'

/** A link code is good for so long. */
export const LINK_MS = 600_000
/** How long `recover` looks for conversations when nothing else is said. */
const RECOVER_MS = 30_000

/** What `device` can do, with how many words it takes. */
const ACTIONS = { link: 0, join: 1, remove: 1, rename: 2 } as const
type Action = keyof typeof ACTIONS

export const devicesCommand = defineCommand({
  usage: 'devices',
  summary: 'your devices, also those that were removed',
  group: 'You',
  examples: [['devices', 'the oldest first; this one is marked']],
  reach: 'here',
  async run({ parley, print }) {
    for (const device of parley.devices) print.result(device, () => formatDevice(device, print.terminal))
    if (parley.recovery === undefined) print.note('You have no recovery phrase; `parley recovery` makes one.')
  },
})

export const deviceCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'device <action> [first] [second]',
  summary: 'link, join LINK, remove ID, rename ID NAME: add and remove devices of yours',
  group: 'You',
  examples: [
    ['device link', 'on the device in use: shows a link, then asks for the code that the new device shows'],
    ['device join parley-link:… --profile ./new', 'on the new one: shows that code, and waits until it is typed there'],
    ['device rename 4jt2 phone', 'what your other devices call it'],
    ['device remove 4jt2', 'a lost device is cut off from every conversation'],
  ],
  reach: 'online',
  becomes: ([action, link]) => (action === 'join' && link !== undefined ? { link } : undefined),
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'for the new device, at most so long (default 10m)')
  },
  async run(call) {
    const [action, ...words] = call.args as [string, ...string[]]
    if (!Object.hasOwn(ACTIONS, action) || words.length !== ACTIONS[action as Action])
      throw new ParleyError('InvalidArgument', 'Say `device link`, `device join LINK`, `device remove ID` or `device rename ID NAME`.')
    if (action === 'link') return linkDevice(call)
    if (action === 'join') return call.print.result(call.parley.me, () => `This device belongs to ${nameOf(call.parley.me)} now.`)
    const { id } = findDevice(call.parley.devices, words[0] as string)
    if (action === 'rename') await call.parley.renameDevice(id, words[1] as string)
    else await call.parley.removeDevice(id)
    const device = findDevice(call.parley.devices, id)
    call.print.result(device, () => formatDevice(device, call.print.terminal))
  },
})

async function linkDevice({ parley, print, options, signal, input }: Call<WaitOptions>): Promise<void> {
  const { link, expiresAt } = await parley.linkDevice()
  print.result({ state: 'waiting', link, expiresAt }, () => `On the new device: parley device join ${link}`)
  const isPast = (states: readonly string[]) => (): boolean => states.includes(parley.deviceLink?.state ?? '')
  const wait = { ms: options.wait ?? LINK_MS, signal, watch: (again: () => void) => parley.on('devices', again) }
  if (!(await waitUntil(isPast(['compare', 'failed']), wait))) {
    await parley.cancelDeviceLink()
    throw new ParleyError('Unreachable', 'No device came. Make a new link, and see that both devices are online.')
  }
  const name = parley.deviceLink?.deviceName ?? ''
  if (parley.deviceLink?.state === 'compare') {
    print.result(
      { state: 'compare', deviceName: name },
      () => `A device${name === '' ? '' : ` called ${oneLine(name)}`} has come. Type the code that it shows:`,
    )
    await parley.confirmDevice(await firstLine(input()))
    await waitUntil(isPast(['done', 'failed']), wait)
  }
  const { state, device, failure } = parley.deviceLink ?? {}
  if (state !== 'done') throw new ParleyError(failure ?? 'Unreachable', 'The device was not added. Make a new link to try again.')
  print.result({ state, device }, () => `It is yours now: ${device}`)
}

/** The first line of what is typed. */
async function firstLine(input: AsyncIterable<string>): Promise<string> {
  let typed = ''
  for await (const piece of input) {
    typed += piece
    if (typed.includes('\n')) break
  }
  return typed.split('\n')[0]?.trim() ?? ''
}

export const recoveryCommand = defineCommand<NetworkOptions>({
  usage: 'recovery',
  summary: 'make a recovery phrase, in place of an earlier one: 24 words that are shown once',
  group: 'You',
  examples: [['recovery', 'write them down; with `parley recover` they bring you back when every device is lost']],
  reach: 'online',
  options: addNetworkOptions,
  async run({ parley, print }) {
    const words = await parley.createRecovery()
    print.result({ words }, () => words.map((word, i) => `${String(i + 1).padStart(2)}  ${word}`).join('\n'))
    print.note('Whoever has these words is you. Keep them on paper; they are not stored here.')
  },
})

export const recoverCommand = defineCommand<NetworkOptions & WaitOptions>({
  usage: 'recover [words...]',
  summary: 'make a new profile a device of yours again, with nothing but your recovery phrase',
  group: 'You',
  examples: [
    ['recover word1 word2 word3 --profile ./new --peer /ip4/192.0.2.7/tcp/4001', 'all 24 words, and somebody you have talked to'],
    ['recover word1 word2 word3 --wait 10m', 'again, to look for more conversations'],
  ],
  reach: 'online',
  becomes: (words) => ({ recover: words }),
  options(command) {
    addNetworkOptions(command)
    addWaitOption(command, 'look for conversations so long (default 30s)')
  },
  async run({ parley, print, options, signal }) {
    await waitUntil(() => false, { ms: options.wait ?? RECOVER_MS, signal, watch: (again) => parley.on('conversations', again) })
    for (const conversation of parley.conversations) {
      const [id, title] = [conversation.getId(), conversation.getTitle()]
      print.result({ id, title, state: conversation.state }, () => `${titleOf(conversation)} is back (${id}).`)
    }
    print.note(`You are ${nameOf(parley.me)} again. Remove devices that are lost: \`parley devices\` shows them.`)
  },
})

export const safetyCommand = defineCommand({
  usage: 'safety <person>',
  summary: 'the safety number of you and somebody else, to compare when you meet',
  group: 'People',
  examples: [['safety Bob', 'when both of you see the same, nobody stands between you']],
  reach: 'here',
  async run({ parley, print, args: [wanted] }) {
    const known = [...parley.contacts, ...parley.conversations.flatMap((c) => c.members())].filter(({ id }) => id !== parley.me.id)
    const id =
      readUserId(wanted as string) ??
      findPerson(known, wanted as string, 'NotFound', '`parley contacts` and `parley members` show people.').id
    const number = await parley.safetyNumber(id)
    print.result({ id, safetyNumber: number }, () => number.replace(/((?:\d{5} ){3}\d{5}) /g, '$1\n'))
  },
})

/** A device by its id or the beginning of it, or by its name. @throws {NotFound, InvalidArgument} */
function findDevice(devices: readonly Device[], wanted: string): Device {
  const found = devices.filter(({ id, name }) => id === wanted || name === wanted || (wanted.length >= 4 && id.startsWith(wanted)))
  const [device] = found
  if (device === undefined) throw new ParleyError('NotFound', 'There is no such device of yours. `parley devices` shows them.')
  if (found.length > 1) throw new ParleyError('InvalidArgument', 'Several of your devices are called so. Say its id.')
  return device
}

export function formatDevice({ id, name, addedAt, isThis, status }: Device, terminal: Parameters<typeof dayOf>[1]): string {
  const marks = [isThis ? 'this one' : '', status === 'removed' ? 'removed' : ''].filter((mark) => mark !== '')
  return `${id}  ${dayOf(addedAt, terminal)}  ${oneLine(name === '' ? '(no name)' : name)}${marks.length === 0 ? '' : `  [${marks.join(', ')}]`}`
}
