/**
 * Commands about people: who is in a conversation and what they may do, who is not to be heard, and the devices of oneself.
 */
import type { Device, User } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { LINK_MS } from '../commands/devices.ts'
import { ROLES } from '../commands/members.ts'
import { findAnybody, findContact } from '../commands/people.ts'
import { nameOf, titleOf } from '../format.ts'
import { findPerson } from '../resolve.ts'
import { oneLine } from '../text.ts'
import { oneOf } from '../values.ts'
import { waitUntil } from '../wait.ts'
import type { ChatApp } from './app.ts'
import { devicesPanel, membersPanel, textPanel } from './panels.ts'
import { given, opened, type SlashCommand } from './slash-command.ts'

/** In the order of the help. */
export const PEOPLE_COMMANDS: readonly SlashCommand[] = [
  { usage: '/members', summary: 'who is in it, and who is there', run: (app) => app.openPanel(membersPanel(opened(app), app.parley)) },
  {
    usage: '/add NAME',
    summary: 'let a contact in; for admins',
    run: async (app, name) => {
      const conversation = opened(app)
      await conversation.addMember(findContact(app.parley, given(name, 'the name of a contact')).id)
      app.say(`${name} is told of ${titleOf(conversation)} as soon as they can be reached.`)
    },
  },
  {
    usage: '/remove NAME',
    summary: 'somebody reads nothing more from now on; for admins',
    run: async (app, name) => opened(app).removeMember(findMember(app, given(name, 'the name of a member')).id),
  },
  {
    usage: '/role NAME ROLE',
    summary: `what somebody may do: ${ROLES.join(', ')}; for admins`,
    run: async (app, argument) => {
      const [, name, role] = /^(.*\S)\s+(\S+)$/.exec(given(argument, 'the name of a member and a role')) ?? []
      if (name === undefined || role === undefined)
        throw new ParleyError('InvalidArgument', `Say one of ${ROLES.join(', ')} behind the name.`)
      const member = findMember(app, name)
      await opened(app).setRole(member.id, oneOf(ROLES)(role.toLowerCase()))
      app.say(`${nameOf(member)} is ${role.toLowerCase()} now.`)
    },
  },
  {
    usage: '/block NAME',
    summary: 'here alone: hear and see nothing more of somebody; nobody is told',
    run: async (app, name) => setBlocked(app, given(name, 'the name of somebody'), true),
  },
  {
    usage: '/unblock NAME',
    summary: 'hear and see somebody again',
    run: async (app, name) => setBlocked(app, given(name, 'the name of somebody'), false),
  },
  {
    usage: '/devices',
    summary: 'your devices; Enter renames this one, or removes another',
    run: (app) => app.openPanel(devicesPanel(app.parley, app.init.terminal, (device) => changeDevice(app, device))),
  },
  { usage: '/link', summary: 'add a device of yours', run: linkDevice },
]

/** By the name in the conversation, or that of a contact who has not come yet. */
function findMember(app: ChatApp, name: string): Pick<User, 'id' | 'name'> {
  const members = opened(app).members()
  const contacts = app.parley.contacts.filter(({ id }) => members.some((member) => member.id === id))
  return findPerson([...members, ...contacts], name, 'NotAMember', '/members shows who is in it.')
}

async function setBlocked(app: ChatApp, name: string, isBlocked: boolean): Promise<void> {
  const person = findAnybody(app.parley, name)
  await (isBlocked ? app.parley.block(person.id) : app.parley.unblock(person.id))
  app.say(`${nameOf(person)} is ${isBlocked ? 'blocked' : 'heard again'}.`)
}

function changeDevice(app: ChatApp, { id, name, isThis, status }: Device): void {
  if (status === 'removed') return app.say('It was removed already.')
  if (isThis) return app.ask('What your other devices call this one:', name, (wanted) => app.parley.renameDevice(id, wanted))
  app.ask(`Cut ${name === '' ? 'it' : oneLine(name)} off from every conversation, for good? Type y:`, '', async (answer) => {
    if (answer.toLowerCase() !== 'y') return app.say('It stays.')
    await app.parley.removeDevice(id)
  })
}

/** Shows a link, waits for the device that was given it, and asks for the code that it shows. */
async function linkDevice(app: ChatApp): Promise<void> {
  const { parley } = app
  const { link } = await parley.linkDevice()
  app.openPanel(textPanel('Add a device', link, 'On the new device: parley device join LINK. You are asked for the code that it shows.'))
  const until = (states: readonly string[]): Promise<boolean> =>
    waitUntil(() => parley.deviceLink?.link !== link || states.includes(parley.deviceLink.state), {
      ms: LINK_MS,
      signal: app.init.signal,
      watch: (again) => parley.on('devices', again),
    })
  const isDecided = await until(['compare', 'failed'])
  // Another link was made in place of this one.
  if (isDecided && parley.deviceLink?.link !== link) return
  if (!isDecided || parley.deviceLink?.state !== 'compare') {
    if (!isDecided) await parley.cancelDeviceLink()
    throw new ParleyError('Unreachable', 'No device came. /link makes a new link.')
  }
  app.closePanel()
  const name = parley.deviceLink.deviceName ?? ''
  app.ask(`A device${name === '' ? '' : ` called ${oneLine(name)}`} has come. Type the code that it shows:`, '', async (code) => {
    await parley.confirmDevice(code)
    await until(['done', 'failed'])
    if (parley.deviceLink?.state !== 'done') throw new ParleyError('LinkRejected', 'The device was not added. /link makes a new link.')
    app.say('It is yours now; /devices shows it.')
  })
}
