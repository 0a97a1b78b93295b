/**
 * What letters do to the message that is selected.
 */
import type { Attachment, Conversation, Message } from '@parley/core'
import { titleOf } from '../format.ts'
import { saveFile } from '../save.ts'
import { sizeText } from '../progress.ts'
import { oneLine } from '../text.ts'
import type { ChatApp } from './app.ts'
import { EMPTY, edit } from './editor.ts'
import { forwardPanel } from './panels.ts'
import { NOTHING_WRITTEN } from './session.ts'
import type { Session } from './session.ts'

/** Carries out what a letter means; others say what there is. */
export function actOnMessage(app: ChatApp, session: Session, letter: string): void {
  const message = session.message(session.selected)
  if (message === undefined) return
  const action = ACTIONS[letter]
  if (action === undefined) app.say('r reply, e edit, d delete, f forward, + react, s save files, c copy, p pin; Esc goes back to writing.')
  else action(app, session, message)
}

type Action = (app: ChatApp, session: Session, message: Message) => void

const ACTIONS: Readonly<Record<string, Action>> = {
  r(app, session, message) {
    app.writing = { ...app.writing, replyTo: message, replaces: undefined }
    backToWriting(app, session)
  },
  e(app, session, message) {
    if (message.state === undefined) return app.say('Only its author can edit it.')
    app.writing = { ...NOTHING_WRITTEN, edited: edit(message.text), replaces: message }
    backToWriting(app, session)
  },
  d(app, session, message) {
    if (message.state === undefined) return app.say('Only its author can delete it.')
    app.ask('Delete it, here and wherever it went? Type y:', '', async (answer) => {
      if (answer.toLowerCase() !== 'y') return app.say('It stays.')
      await session.conversation.deleteMessage(message.id)
      app.say('Deleted.')
    })
  },
  '+'(app, session, message) {
    app.ask('Emoji to react with, or to take back:', '👍', async (emoji) => {
      const mine = message.reactions.some((one) => one.emoji === emoji && one.users.includes(app.parley.me.id))
      await (mine ? session.conversation.unreact(message.id, emoji) : session.conversation.react(message.id, emoji))
    })
  },
  f(app, _session, { id }) {
    const forward = async (conversation: Conversation): Promise<void> => {
      app.closePanel()
      await conversation.sendMessage({ forward: id })
      app.say(`Forwarded to ${titleOf(conversation)}.`)
    }
    app.openPanel(forwardPanel(app.parley, (conversation) => app.run(() => forward(conversation))))
  },
  s(app, _session, message) {
    const [first, ...more] = message.attachments
    if (first === undefined) return app.say('It has no files.')
    if (more.length > 0) app.say('It has several files; /files shows them all.')
    askWhereToSave(app, first)
  },
  c: (app, _session, message) => app.copy(message.text),
  p(app, { conversation }, message) {
    app.run(async () => (message.isPinned ? conversation.unpin(message.id) : conversation.pin(message.id)))
  },
}

/** Asks for a folder or a name, fetches the file and writes it there. */
export function askWhereToSave(app: ChatApp, file: Attachment): void {
  const { path, signal, isOnline } = app.init
  app.ask(`Save ${oneLine(file.name)} (${sizeText(file.size)}) in this folder, or under this name:`, '.', async (wanted) => {
    const stream = file.stream({
      signal,
      wait: isOnline,
      onHolders: (holders) =>
        holders === 0 ? app.say('Nobody who is online has it; it is fetched as soon as somebody comes.') : undefined,
      onProgress: (received, total) =>
        received < total ? app.say(`Fetching ${file.name}: ${sizeText(received)} of ${sizeText(total)}`) : undefined,
    })
    const saved = await saveFile(path(wanted), file.name, stream, { force: false })
    app.say(`Saved as ${saved}.`)
  })
}

/** Sends what is written, or puts it in place of the message that it replaces. What cannot be sent comes back to be written. */
export function send(app: ChatApp, session: Session): void {
  const { writing } = session
  const { edited, replyTo, replaces, files } = writing
  // Two slashes stand for one that begins no command.
  const text = edited.text.startsWith('//') ? edited.text.slice(1) : edited.text
  if (text.trim() === '' && files.length === 0 && replaces === undefined) return
  session.writing = NOTHING_WRITTEN
  session.top = undefined
  const { conversation } = session
  app.run(async () => {
    try {
      if (replaces !== undefined) await conversation.updateMessage(replaces.id, { text })
      else {
        await conversation.sendMessage({
          ...(text.trim() === '' ? {} : { text }),
          ...(replyTo === undefined ? {} : { replyTo: replyTo.id }),
          ...(files.length === 0 ? {} : { file: files.map((path) => ({ path })), signal: app.init.signal, onProgress: sealing(app) }),
        })
        await session.keepDraft()
        if (session.timeline.getSnapshot().hasAfter) await session.timeline.jump('newest')
      }
    } catch (error) {
      // Somebody may have gone on writing meanwhile; that is not thrown away for it.
      if (session.writing.edited === EMPTY) session.writing = writing
      else app.say(`Not sent to ${titleOf(conversation)}: ${text}`)
      throw error
    }
  })
}

function sealing(app: ChatApp): (done: number, total: number) => void {
  return (done, total) => app.say(done < total ? `Sealing the files: ${sizeText(done)} of ${sizeText(total)}` : 'Sent.')
}

function backToWriting(app: ChatApp, session: Session): void {
  app.focus = 'write'
  session.selected = undefined
}
