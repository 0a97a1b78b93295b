/**
 * The lines around the messages.
 */
import { nameOf, titleOf } from '../format.ts'
import { oneLine, wrap } from '../text.ts'
import type { ChatApp, Question } from './app.ts'
import { summaryOf } from './message-rows.ts'
import { bold, dim, plain } from './paint.ts'
import type { Row } from './paint.ts'
import { connectionText, presenceText, typingText } from './words.ts'

/** Of a message that is answered or edited. */
const SUMMARY_COLUMNS = 60

export function headText({ session, parley, init }: ChatApp): string {
  const { me } = parley
  if (session === undefined) return me.name === '' ? 'Parley' : `Parley · ${nameOf(me)}`
  const { conversation } = session
  return [titleOf(conversation), presenceText(conversation.members(), me.id), connectionText(conversation, init.isOnline)].join(' · ')
}

export function hintText({ focus, session }: ChatApp): string {
  switch (focus) {
    case 'write':
      return session === undefined
        ? 'Tab list · /help or F1 · Ctrl-C leaves'
        : 'Enter sends · Alt-Enter new line · Tab messages · /help or F1 · Ctrl-C leaves'
    case 'read':
      return 'Up/Down · r reply · e edit · d delete · f forward · + react · s save · Esc back'
    case 'list':
      return 'Up/Down · Enter opens · n new group · j join by link · Esc back'
  }
}

/** One row at least, so that the screen does not jump: trouble, a question, what is being written, who types. */
export function statusRows(
  { writing, session }: ChatApp,
  notice: { readonly text: string; readonly isTrouble: boolean } | undefined,
  question: Question | undefined,
): Row[] {
  const rows: Row[] = []
  const { replyTo, replaces, files } = writing
  if (replyTo !== undefined) rows.push([dim(`Reply to ${nameOf(replyTo.author)}: ${summaryOf(replyTo, SUMMARY_COLUMNS)}`)])
  if (replaces !== undefined) rows.push([dim(`Edit of: ${summaryOf(replaces, SUMMARY_COLUMNS)}`)])
  if (files.length > 0) rows.push([dim(`With ${files.map(oneLine).join(', ')}`)])
  if (question !== undefined) rows.push([bold(question.text)])
  else if (notice !== undefined)
    rows.push([{ text: notice.isTrouble ? `! ${notice.text}` : notice.text, style: notice.isTrouble ? 'warning' : 'plain' }])
  else if (session !== undefined && session.top !== undefined && session.conversation.unread > 0)
    rows.push([bold(`${session.conversation.unread} new further down; Tab, End shows them`)])
  else if (rows.length === 0) rows.push([dim(typingText([...(session?.typing.values() ?? [])]))])
  return rows
}

/** Instead of messages where there are none. */
export function welcomeRows({ session, parley }: ChatApp, columns: number): Row[] {
  const failure = session?.timeline.getSnapshot().error
  if (failure !== undefined) return wrap(`! ${failure.message}`, columns).map((line) => [{ text: line, style: 'warning' }])
  const lines =
    session !== undefined
      ? session.conversation.state === 'member'
        ? ['Nothing said yet. Write something and press Enter; /invite makes a link for others.']
        : ['Nothing to read here yet.']
      : [
          ...(parley.me.name === '' ? ['/name NAME    what others see of you'] : []),
          '/new TITLE    makes a group',
          '/join LINK    enters one by a link',
          '/direct CARD  writes to a person',
          '/card         your own card, to give away',
          '/help         everything else',
        ]
  return [[], ...lines.flatMap((line) => wrap(`  ${line}`, columns)).map((line) => [plain(line)])]
}
