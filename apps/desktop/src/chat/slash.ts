/**
 * Commands that are written like messages, with a slash before them.
 */
import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Conversation } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { findContact } from '../commands/people.ts'
import { diagnose } from '../diagnosis.ts'
import { titleOf } from '../format.ts'
import type { ChatApp } from './app.ts'
import { EMPTY } from './editor.ts'
import { askWhereToSave, send } from './message-actions.ts'
import { connectionPanel, filesPanel, resultsPanel, textPanel } from './panels.ts'
import { NOTHING_WRITTEN } from './session.ts'
import { given, opened, type SlashCommand } from './slash-command.ts'
import { PEOPLE_COMMANDS } from './slash-people.ts'

/** What a search shows at once. */
const MAX_RESULTS = 100
/** What the panel of files shows. */
const MAX_FILES = 500
const CARD_PREFIX = 'parley-card:'

/** Every command there is, in the order of the help. */
export const SLASH_COMMANDS: readonly SlashCommand[] = [
  {
    usage: '/new TITLE',
    summary: 'a new group',
    run: async (app, title) => app.open(await app.parley.createGroup({ title: given(title, 'a title') })),
  },
  {
    usage: '/join LINK',
    summary: 'enter a group by a link that you were given',
    // A link that was copied from a terminal may have been broken into lines.
    run: async (app, link) => app.open(await app.parley.join(given(link, 'the link').replace(/\s+/g, ''))),
  },
  {
    usage: '/invite',
    summary: 'a link that lets one person in, for a week',
    run: async (app) => {
      const link = await opened(app).invite()
      const isDialable = app.parley.inspect().addresses.length > 0
      const advice = 'Give it to one person, over a way that you trust.'
      app.openPanel(textPanel('Invite', link, isDialable ? advice : `${advice} It names no address of yours, for nothing listens here.`))
    },
  },
  {
    usage: '/direct CARD',
    summary: 'write to a person, by their card or the name of a contact',
    run: async (app, wanted) => {
      const text = given(wanted, 'a card, or the name of a contact').replace(/\s+/g, wanted.startsWith(CARD_PREFIX) ? '' : ' ')
      const { id } = text.startsWith(CARD_PREFIX) ? await app.parley.addContact(text) : findContact(app.parley, text)
      app.open(await app.parley.createConversation({ with: id }))
    },
  },
  {
    usage: '/card',
    summary: 'your own card: whoever has it can write to you',
    run: async (app) => app.openPanel(textPanel('Your card', await app.parley.contactCard(), 'Whoever has it can ask to write to you.')),
  },
  { usage: '/accept', summary: 'let somebody write to you who asks', run: async (app) => app.open(await accepted(opened(app))) },
  {
    usage: '/decline',
    summary: 'do not; they are not told',
    run: async (app) => {
      await opened(app).decline()
      app.closeSession()
    },
  },
  {
    usage: '/attach PATH',
    summary: 'a file that goes with the message you write next',
    run: async (app, path) => {
      opened(app)
      const file = app.init.path(asTyped(given(path, 'the path of a file')))
      await assertFile(file)
      app.writing = { ...app.writing, files: [...app.writing.files, file] }
    },
  },
  {
    usage: '/files',
    summary: 'all files of the conversation; Enter saves one',
    run: async (app) => {
      const files = await opened(app).getAttachments({ limit: MAX_FILES })
      app.openPanel(filesPanel(files, (file) => askWhereToSave(app, file)))
    },
  },
  {
    usage: '/search WORDS',
    summary: 'find messages; Enter goes to one',
    run: async (app, words) => {
      const found = await opened(app).search(given(words, 'what to look for'), { limit: MAX_RESULTS, signal: app.init.signal })
      app.openPanel(resultsPanel(words, found, app.init.terminal, (id) => app.run(async () => app.jump(id))))
    },
  },
  ...PEOPLE_COMMANDS,
  { usage: '/title TITLE', summary: 'what the group is called', run: async (app, title) => opened(app).setTitle(given(title, 'a title')) },
  {
    usage: '/mute',
    summary: 'draw no attention to it, or do so again',
    run: async (app) => {
      const conversation = opened(app)
      await (conversation.isMuted ? conversation.unmute() : conversation.mute())
      app.say(`${titleOf(conversation)} is ${conversation.isMuted ? 'muted' : 'not muted any more'}.`)
    },
  },
  {
    usage: '/leave',
    summary: 'be in it no more; it stays readable',
    run: (app) => {
      const conversation = opened(app)
      app.ask(`Leave ${titleOf(conversation)}? Type y:`, '', async (answer) => {
        if (answer.toLowerCase() === 'y') await conversation.leave()
      })
    },
  },
  {
    usage: '/name NAME',
    summary: 'what others see of you',
    run: async (app, name) => app.parley.setProfile({ name: given(name, 'your name') }),
  },
  {
    usage: '/connection',
    summary: 'who is reached, by which path, and what waits',
    run: async (app) => app.openPanel(connectionPanel(await diagnose(app.parley, app.init.isOnline))),
  },
  { usage: '/help', summary: 'this', run: (app) => app.openHelp() },
  { usage: '/quit', summary: 'leave the program; Ctrl-C does too', run: (app) => app.init.leave() },
]

/** Enter: the command that is written, or else the message. `line` is run in place of what is written. */
export function runSlash(app: ChatApp, line?: string): void {
  const { session, writing } = app
  const text = (line ?? writing.edited.text).trim()
  const [, name, argument = ''] = /^(\/[^\s/]\S*)\s*([^]*)$/.exec(text) ?? []
  if (name === undefined || writing.replaces !== undefined) {
    if (session !== undefined) send(app, session)
    else if (text !== '') app.say('Open a conversation first: Tab goes to the list, /new TITLE makes one.')
    return
  }
  const command = SLASH_COMMANDS.find(({ usage }) => usage.split(' ')[0] === name.toLowerCase())
  if (command === undefined) return app.say(`There is no ${name}. /help shows what there is; // before a text that begins with a slash.`)
  if (line === undefined) {
    app.writing = { ...(session === undefined ? NOTHING_WRITTEN : writing), edited: EMPTY }
    if (session !== undefined) app.run(async () => session.keepDraft())
  }
  app.run(async () => command.run(app, argument))
}

async function accepted(conversation: Conversation): Promise<Conversation> {
  await conversation.accept()
  return conversation
}

/** A path as people type it, or as a terminal pastes it when a file is dropped: in quotes, with a tilde, with escaped spaces. */
function asTyped(path: string): string {
  const bare = /^(['"])([^]*)\1$/.exec(path)?.[2] ?? (process.platform === 'win32' ? path : path.replace(/\\(.)/g, '$1'))
  return bare.startsWith('~/') ? join(homedir(), bare.slice(2)) : bare
}

/** @throws {NotFound, InvalidArgument} now, and not when the message that it goes with was written */
async function assertFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new ParleyError('NotFound', `${path} cannot be read.`, { cause: error })
  })
  if (!found.isFile()) throw new ParleyError('InvalidArgument', `${path} is no file.`)
}
