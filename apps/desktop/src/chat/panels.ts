/**
 * The panels there are.
 */
import type { Attachment, Conversation, Device, Parley, SearchResults } from '@parley/core'
import type { MessageId } from '@parley/protocol'
import { formatDevice } from '../commands/devices.ts'
import type { Diagnosis } from '../diagnosis.ts'
import { formatDiagnosis } from '../format-diagnosis.ts'
import { dayOf, nameOf, timeOf, titleOf } from '../format.ts'
import type { Terminal } from '../printer.ts'
import { sizeText } from '../progress.ts'
import { clip, oneLine, pad } from '../text.ts'
import type { Panel, PanelItem } from './panel.ts'
import { summaryOf } from './message-rows.ts'

const BACK = 'Up/Down move · Esc back'
/** Of a name, which leaves room for what is said of it. */
const NAME_COLUMNS = 14
/** Of what a message says, in a list of them. */
const SUMMARY_COLUMNS = 400

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Enter', 'sends what is written; Alt-Enter or Ctrl-J begins a new line'],
  ['Tab, Shift-Tab', 'from writing to the messages, to the list of conversations, and back'],
  ['Up, Down', 'move in what is written, from message to message, in a list'],
  ['PageUp, PageDown', 'scroll the messages; End among them goes to the newest'],
  ['Esc', 'back to writing; there it drops a reply, an edit or files'],
  ['F1', 'this; Ctrl-C leaves, and what is written is kept'],
  ['r e d f', 'on a message: reply to it, edit it, delete it, forward it'],
  ['+ p c s', 'on a message: react to it, pin it, copy its text, save its file'],
]

export function helpPanel(commands: readonly { readonly usage: string; readonly summary: string }[]): Panel {
  const lines = [...KEYS, ...commands.map(({ usage, summary }) => [usage, summary] as const)]
  return {
    title: 'Help',
    hint: BACK,
    items: () => lines.map(([label, text]) => ({ label, text })),
  }
}

export function membersPanel(conversation: Conversation, parley: Parley): Panel {
  return {
    title: 'Members',
    hint: BACK,
    items: () =>
      conversation.members().map((member) => {
        const isSelf = member.id === parley.me.id
        return {
          label: clip(nameOf(member), NAME_COLUMNS) + (isSelf ? ' (you)' : ''),
          text: `${pad(member.role, 10)} ${member.status.toLowerCase()}`,
        }
      }),
  }
}

/** The oldest first. `choose` is what Enter does with one. */
export function devicesPanel(parley: Parley, terminal: Terminal, choose: (device: Device) => void): Panel {
  return {
    title: 'Your devices',
    hint: 'Up/Down move · Enter renames or removes it · Esc back',
    items: () => parley.devices.map((device) => ({ text: formatDevice(device, terminal), choose: () => choose(device) })),
  }
}

/** Where a message goes on to. */
export function forwardPanel(parley: Parley, choose: (conversation: Conversation) => void): Panel {
  return {
    title: 'Forward to',
    hint: 'Up/Down move · Enter forwards it there · Esc back',
    items: () =>
      parley.conversations
        .filter(({ state }) => state === 'member')
        .map((conversation) => ({ text: titleOf(conversation), choose: () => choose(conversation) })),
  }
}

export function filesPanel(files: readonly Attachment[], save: (file: Attachment) => void): Panel {
  const items: PanelItem[] = files.map((file) => ({
    text: `${pad(sizeText(file.size), 7)}  ${oneLine(file.name)}  (${oneLine(file.type)})`,
    choose: () => save(file),
  }))
  if (items.length === 0) items.push({ text: 'No files yet. /attach PATH sends one.' })
  return { title: 'Files', hint: 'Up/Down move · Enter saves it · Esc back', items: () => items }
}

export function resultsPanel(words: string, found: SearchResults, terminal: Terminal, open: (id: MessageId) => void): Panel {
  const items: PanelItem[] = found.results.map(({ message }) => ({
    label: clip(nameOf(message.author), NAME_COLUMNS),
    text: `${summaryOf(message, SUMMARY_COLUMNS)}  (${dayOf(message.sentAt, terminal)} ${timeOf(message.sentAt, terminal)})`,
    choose: () => open(message.id),
  }))
  if (items.length === 0) items.push({ text: 'Nothing found. Words are found by their beginnings, in any case.' })
  const count = `${found.results.length} of ${found.total}${found.isComplete ? '' : ' or more'}`
  return { title: `Search: ${oneLine(words)} · ${count}`, hint: 'Up/Down move · Enter goes there · Esc back', items: () => items }
}

/** Something to give away: a link, a card. */
export function textPanel(title: string, text: string, advice: string): Panel {
  const items: PanelItem[] = [{ text, copy: text }, { text: advice }]
  return { title, hint: 'c copies it, where the terminal allows · Esc back', items: () => items, isBare: true }
}

export function connectionPanel(diagnosis: Diagnosis): Panel {
  const items = formatDiagnosis(diagnosis)
    .split('\n')
    .map((text) => ({ text }))
  return { title: 'Connection', hint: BACK, items: () => items }
}
