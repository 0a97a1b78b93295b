/**
 * The terminal interface: what is on the screen, and what keys do to it.
 */
import type { Conversation, Parley } from '@parley/core'
import type { MessageId } from '@parley/protocol'
import { describeError } from '../printer.ts'
import type { Terminal } from '../printer.ts'
import type { Screen } from '../screen.ts'
import { oneLine } from '../text.ts'
import { EDITING, EMPTY, edit, insert, moveRow } from './editor.ts'
import type { Edited } from './editor.ts'
import type { Key } from './keys.ts'
import { layOut, roomOf } from './layout.ts'
import type { Picture } from './layout.ts'
import { ConversationList } from './list.ts'
import { actOnMessage } from './message-actions.ts'
import { MessagePane } from './message-pane.ts'
import { Painter } from './paint.ts'
import { OpenPanel } from './panel.ts'
import type { Panel } from './panel.ts'
import { helpPanel } from './panels.ts'
import { NOTHING_WRITTEN, Session } from './session.ts'
import type { Writing } from './session.ts'
import { runSlash, SLASH_COMMANDS } from './slash.ts'
import { headText, hintText, statusRows, welcomeRows } from './texts.ts'

/** Changes within this time are drawn together. */
const FRAME_MS = 15
/** Typed faster than they were read. What is longer was pasted, and is no command. */
const MAX_LETTERS = 16

/** Where keys go. */
export type Focus = 'write' | 'read' | 'list'

/** A question that is answered in the line where messages are written. */
export interface Question {
  readonly text: string
  readonly edited: Edited
  readonly answer: (text: string) => Promise<void> | void
}

export interface AppInit {
  readonly parley: Parley
  readonly terminal: Terminal
  /** The absolute path that is meant by one that was typed. */
  readonly path: (text: string) => string
  readonly isOnline: boolean
  /** Aborted when the person leaves. */
  readonly signal: AbortSignal
  /** Ends it; with a failure when it cannot go on. */
  readonly leave: (failure?: unknown) => void
}

export class ChatApp {
  readonly init: AppInit
  readonly parley: Parley
  session: Session | undefined
  focus: Focus = 'write'
  readonly list: ConversationList
  #panel: OpenPanel | undefined
  #question: Question | undefined
  #notice: { readonly text: string; readonly isTrouble: boolean } | undefined
  #writingNowhere: Writing = NOTHING_WRITTEN
  #screen: Screen | undefined
  readonly #painter: Painter
  readonly #stops: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #pane: MessagePane

  constructor(init: AppInit) {
    this.init = init
    this.parley = init.parley
    this.list = new ConversationList(init.parley)
    this.#pane = new MessagePane(this)
    this.#painter = new Painter(init.terminal.hasColour)
  }

  /** Begins to draw. The screen stays the caller's. */
  start(screen: Screen): void {
    this.#screen = screen
    const { parley } = this
    this.#stops.push(
      parley.on('conversations', () => this.changed()),
      parley.on('request', () => this.changed()),
      parley.on('connection', () => this.changed()),
      parley.on('error', (error) => this.report(error)),
    )
    this.#draw()
  }

  stop(): void {
    clearTimeout(this.#timer)
    for (const stop of this.#stops.splice(0)) stop()
    this.session?.close()
    this.#screen = undefined
  }

  /** Something is to be drawn. */
  changed(): void {
    if (this.#screen === undefined) return
    this.#timer ??= setTimeout(() => this.#draw(), FRAME_MS)
  }

  // --- what actions use

  get writing(): Writing {
    return this.session?.writing ?? this.#writingNowhere
  }

  set writing(writing: Writing) {
    if (this.session === undefined) this.#writingNowhere = writing
    else this.session.writing = writing
  }

  open(conversation: Conversation): void {
    if (this.session?.conversation.getId() !== conversation.getId()) {
      this.session?.close()
      this.session = new Session(conversation, () => this.changed())
      this.#pane.forget()
    }
    this.list.selected = conversation.getId()
    this.focus = 'write'
    this.#panel = undefined
    this.changed()
  }

  /** The conversation that is open is there no more. */
  closeSession(): void {
    this.session?.close()
    this.session = undefined
    this.changed()
  }

  openPanel(panel: Panel): void {
    this.#panel = new OpenPanel(panel)
    this.changed()
  }

  closePanel(): void {
    this.#panel = undefined
    this.changed()
  }

  openHelp(): void {
    this.openPanel(helpPanel(SLASH_COMMANDS))
  }

  ask(text: string, proposed: string, answer: Question['answer']): void {
    this.#question = { text, edited: edit(proposed), answer }
    this.changed()
  }

  say(text: string): void {
    this.#notice = { text: oneLine(text), isTrouble: false }
    this.changed()
  }

  report(error: unknown): void {
    this.#notice = { text: oneLine(describeError(error).message), isTrouble: true }
    this.changed()
  }

  /** Runs what takes its time; a failure is shown. */
  run(action: () => Promise<void> | void): void {
    const done = async (): Promise<void> => {
      try {
        await action()
      } catch (error) {
        // Whoever leaves interrupts what was under way, which is no news to them.
        if (!this.init.signal.aborted) this.report(error)
      }
      this.changed()
    }
    void done()
  }

  /** Shows that message among those around it. */
  async jump(id: MessageId | 'newest'): Promise<void> {
    const { session } = this
    if (session === undefined) return
    this.focus = 'read'
    this.closePanel()
    await session.timeline.jump(id)
    session.top = id === 'newest' ? undefined : { id, row: 0 }
    // Whoever went on writing meanwhile goes on.
    if (this.#goesTo() === 'read') session.selected = id === 'newest' ? session.messages.at(-1)?.id : id
  }

  copy(text: string): void {
    this.#screen?.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`)
    this.say('Copied, if your terminal allows it.')
  }

  // --- keys

  press(key: Key): void {
    this.#notice = undefined
    if ('name' in key && (key.name === 'ctrl-c' || key.name === 'ctrl-q')) return this.init.leave()
    if ('name' in key && key.name === 'f1') this.openHelp()
    else if ('text' in key && key.text.length > 1 && !this.#isWriting()) this.#pressLetters(key.text)
    else if (this.#question !== undefined) this.#pressInQuestion(this.#question, key)
    else if (this.#panel !== undefined) this.#pressInPanel(this.#panel, key)
    else if (this.focus === 'write') this.#pressInWriting(key)
    else if (this.focus === 'read') this.#pressInMessages(key)
    else this.#pressInList(key)
    this.changed()
  }

  /** Letters that came together: the first may lead to where the others are written. */
  #pressLetters(letters: string): void {
    if (letters.length > MAX_LETTERS) return this.say('What is pasted goes where you write: Esc leads there.')
    let rest = letters
    while (rest !== '' && !this.#isWriting()) {
      this.press({ text: rest.slice(0, 1) })
      rest = rest.slice(1)
    }
    if (rest !== '') this.press({ text: rest })
  }

  /** Asked again after waiting, for the person may have gone elsewhere. */
  #goesTo(): Focus {
    return this.focus
  }

  #isWriting(): boolean {
    return this.#question !== undefined || (this.#panel === undefined && this.focus === 'write')
  }

  #pressInQuestion(question: Question, key: Key): void {
    if ('name' in key && key.name === 'escape') this.#question = undefined
    else if ('name' in key && key.name === 'enter') {
      this.#question = undefined
      this.run(() => question.answer(question.edited.text.trim()))
    } else this.#question = { ...question, edited: edited(question.edited, key) }
  }

  #pressInPanel(panel: OpenPanel, key: Key): void {
    const page = this.#room().bodyRows
    if ('text' in key) {
      const { item } = panel
      if (key.text === 'q') this.closePanel()
      else if (key.text === 'c' && item?.copy !== undefined) this.copy(item.copy)
      return
    }
    const steps: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -page, pagedown: page, home: -Infinity, end: Infinity }
    const by = steps[key.name]
    if (by !== undefined) panel.move(by)
    else if (key.name === 'escape') this.closePanel()
    else if (key.name === 'enter') panel.item?.choose?.()
  }

  #pressInWriting(key: Key): void {
    const { writing, session } = this
    if ('name' in key) {
      if (this.#scrollKey(key.name)) return
      if (key.name === 'enter') return runSlash(this)
      if (key.name === 'tab') return this.#enter(session === undefined || session.messages.length === 0 ? 'list' : 'read')
      if (key.name === 'backtab') return this.#enter('list')
      if (key.name === 'escape') return this.#dropExtras()
      if (key.name === 'up' || key.name === 'down') {
        const moved = moveRow(writing.edited, key.name === 'up' ? -1 : 1, this.#size().columns - 2)
        if (moved !== undefined) this.writing = { ...writing, edited: moved }
        else if (key.name === 'up') this.#enter('read')
        return
      }
    }
    const now = edited(writing.edited, key)
    if (now === writing.edited) return
    this.writing = { ...writing, edited: now }
    if (session === undefined) return
    if (now.text === '' || now.text.startsWith('/')) session.conversation.stopTyping()
    else if (now.text !== writing.edited.text && session.conversation.state === 'member') session.conversation.startTyping()
    this.run(async () => session.keepDraft())
  }

  #pressInMessages(key: Key): void {
    const { session } = this
    if (session === undefined) return this.#enter('write')
    if ('text' in key) return actOnMessage(this, session, key.text)
    if (this.#scrollKey(key.name)) return
    const last = session.messages.at(-1)?.id
    if (key.name === 'down' && session.selected === last) return this.#enter('write')
    if (key.name === 'up') session.select(-1)
    else if (key.name === 'down') session.select(1)
    else if (key.name === 'home') session.select(-Infinity)
    else if (key.name === 'end') this.run(async () => this.jump('newest'))
    else if (key.name === 'tab') this.#enter('list')
    else if (key.name === 'escape' || key.name === 'enter' || key.name === 'backtab') this.#enter('write')
  }

  #pressInList(key: Key): void {
    if ('text' in key) {
      if (key.text === 'n') this.ask('Title of the new group:', '', (title) => runSlash(this, `/new ${title}`))
      if (key.text === 'j') this.ask('Link that you were given:', '', (link) => runSlash(this, `/join ${link}`))
      return
    }
    const steps: Readonly<Record<string, number>> = { up: -1, down: 1, home: -Infinity, end: Infinity }
    const by = steps[key.name]
    if (by !== undefined) this.list.move(by)
    else if (key.name === 'enter') {
      const chosen = this.list.find()
      if (chosen !== undefined) this.open(chosen)
    } else if (key.name === 'tab' || key.name === 'escape') this.#enter('write')
    else if (key.name === 'backtab') this.#enter('read')
  }

  #enter(focus: Focus): void {
    const { session } = this
    this.focus = focus === 'read' && (session?.messages.length ?? 0) === 0 ? 'write' : focus
    if (session !== undefined) session.selected = this.focus === 'read' ? (session.messages.at(-1)?.id ?? undefined) : undefined
  }

  /** A reply, an edit and files are taken back before anything else is. */
  #dropExtras(): void {
    const { writing } = this
    const isPlain = writing.replyTo === undefined && writing.replaces === undefined && writing.files.length === 0
    if (isPlain) return
    this.writing = { ...NOTHING_WRITTEN, edited: writing.replaces === undefined ? writing.edited : EMPTY }
  }

  /** Scrolls by a page. Whatever was selected is so no more, for it may be out of sight. */
  #scrollKey(name: string): boolean {
    if (name !== 'pageup' && name !== 'pagedown') return false
    const { session } = this
    if (session === undefined) return true
    const { bodyRows, bodyColumns } = this.#room()
    this.#pane.scroll(session, bodyColumns, bodyRows, name === 'pageup' ? 1 - bodyRows : bodyRows - 1)
    if (this.focus === 'read') session.selected = session.messages.find(({ id }) => id === session.top?.id)?.id
    return true
  }

  // --- drawing

  #size(): Screen['size'] {
    return this.#screen?.size ?? { columns: 0, rows: 0 }
  }

  #room(): ReturnType<typeof roomOf> {
    return roomOf(this.#picture())
  }

  #draw(): void {
    this.#timer = undefined
    if (this.#screen === undefined) return
    try {
      this.#forgetClosed()
      this.#screen.write(this.#painter.paint(layOut(this.#picture())))
    } catch (error) {
      this.init.leave(error)
    }
  }

  /** A conversation that was declined or forgotten, here or by another command, is not shown any longer. */
  #forgetClosed(): void {
    const id = this.session?.conversation.getId()
    if (id !== undefined && this.list.find(id) === undefined) this.closeSession()
  }

  #picture(): Picture {
    const question = this.#question
    return {
      size: this.#size(),
      head: this.#panel?.panel.title ?? headText(this),
      list: (columns, rows) => this.list.rows(columns, rows, this.session?.conversation.getId(), this.focus === 'list'),
      body: (columns, rows) => this.#body(columns, rows),
      shape: this.#panel !== undefined ? 'whole' : this.focus === 'list' ? 'list' : 'both',
      status: statusRows(this, this.#notice, question),
      edited: question?.edited ?? this.writing.edited,
      isWriting: this.#isWriting(),
      hint: question !== undefined ? 'Enter goes on · Esc back' : (this.#panel?.panel.hint ?? hintText(this)),
    }
  }

  #body(columns: number, rows: number): Picture['status'] {
    if (this.#panel !== undefined) return this.#panel.rows(columns, rows)
    const { session } = this
    if (session === undefined || session.messages.length === 0) return welcomeRows(this, columns)
    return this.#pane.rows(session, columns, rows)
  }
}

function edited(before: Edited, key: Key): Edited {
  return 'text' in key ? insert(before, key.text) : (EDITING[key.name]?.(before) ?? before)
}
