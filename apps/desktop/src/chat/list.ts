/**
 * The list of conversations, with what strangers ask at its top.
 */
import type { Conversation, Parley } from '@parley/core'
import { titleOf } from '../format.ts'
import { cut } from '../text.ts'
import { bold, dim, plain } from './paint.ts'
import type { Row } from './paint.ts'
import { show } from './scroll.ts'

export class ConversationList {
  /** The id of the one that Enter would open. */
  selected: string | undefined
  readonly #parley: Parley

  constructor(parley: Parley) {
    this.#parley = parley
  }

  /** The one with this id, or the one that is selected. */
  find(id: string | undefined = this.selected): Conversation | undefined {
    return this.#all().find((conversation) => conversation.getId() === id)
  }

  move(by: number): void {
    const all = this.#all()
    const at = all.findIndex((conversation) => conversation.getId() === this.selected)
    this.selected = all[Math.max(0, Math.min(all.length - 1, at + by))]?.getId()
  }

  /** `open` is marked with a star and, while keys go here, the one that Enter would open with `>`. */
  rows(columns: number, rows: number, open: string | undefined, hasFocus: boolean): readonly Row[] {
    const all = this.#all()
    const blocks = all.map((conversation) => {
      const id = conversation.getId()
      const mark = hasFocus && id === this.selected ? '> ' : id === open ? '* ' : '  '
      return { id, rows: [rowOf(conversation, mark, columns)] }
    })
    const head = all.length === 0 ? [] : [[dim('Conversations')]]
    return [...head, ...show(blocks, rows - 1, undefined, (hasFocus ? this.selected : open) ?? all[0]?.getId()).rows]
  }

  #all(): readonly Conversation[] {
    return [...this.#parley.requests, ...this.#parley.conversations]
  }
}

function rowOf(conversation: Conversation, mark: string, columns: number): Row {
  const { unread, unreadMentions, state, isMuted } = conversation
  const count = unread === 0 ? '' : `(${unread}${unreadMentions > 0 ? ' @' : ''}) `
  const remark = state === 'member' ? (isMuted ? ' [muted]' : '') : ` [${state}]`
  const text = cut(mark + count + titleOf(conversation) + remark, columns - 1)
  return [unread > 0 && !isMuted ? bold(text) : plain(text)]
}
