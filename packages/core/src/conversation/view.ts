/**
 * The view document: the newest messages, the metadata and the members as Yjs types, and an Awareness with who is online and who types.
 * An output: only the engine writes it, and it is never synced between people.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { applyAwarenessUpdate, Awareness } from 'y-protocols/awareness'
import type { Member, Message, Metadata } from '../api.ts'

type Row = Record<string, unknown>

/** Origin of the engine's transactions. */
export const VIEW_ORIGIN = 'parley'

export class View {
  readonly doc = new Y.Doc()
  readonly awareness: Awareness
  readonly #messages: Y.Array<Row>
  readonly #metadata: Y.Map<unknown>
  readonly #members: Y.Array<Row>
  /** What rows were made of, or found to show: these need no second look. */
  readonly #sources = new WeakMap<Row, object>()
  readonly #clients = new Map<string, { client: number; clock: number }>()

  constructor() {
    this.#messages = this.doc.getArray('messages')
    this.#metadata = this.doc.getMap('metadata')
    this.#members = this.doc.getArray('members')
    this.awareness = new Awareness(this.doc)
    this.awareness.setLocalState(null)
  }

  /** Makes the document show exactly this, with the smallest change. `messages` are the newest, oldest first. */
  show(state: { messages?: readonly Message[]; metadata?: Metadata; members?: readonly Member[] }): void {
    this.doc.transact(() => {
      if (state.messages !== undefined) this.#replaceRows(this.#messages, state.messages)
      if (state.members !== undefined) this.#replaceRows(this.#members, state.members)
      if (state.metadata !== undefined) replaceMap(this.#metadata, state.metadata)
    }, VIEW_ORIGIN)
  }

  /** The messages that it shows and what they say, as one text to compare. */
  messages(): string {
    return JSON.stringify(this.#messages.toArray().map(({ id, text, editedAt, metadata }) => [id, text, editedAt, metadata]))
  }

  /** Shows what a person does; `undefined` when they went offline. */
  present(userId: string, state: { user: { id: string; name: string }; typing: boolean } | undefined): void {
    let entry = this.#clients.get(userId)
    if (entry === undefined) {
      if (state === undefined) return
      this.#clients.set(userId, (entry = { client: this.#freeClient(), clock: 0 }))
    }
    entry.clock++
    const update = encoding.createEncoder()
    encoding.writeVarUint(update, 1)
    encoding.writeVarUint(update, entry.client)
    encoding.writeVarUint(update, entry.clock)
    encoding.writeVarString(update, JSON.stringify(state ?? null))
    applyAwarenessUpdate(this.awareness, encoding.toUint8Array(update), VIEW_ORIGIN)
  }

  destroy(): void {
    this.awareness.destroy()
    this.doc.destroy()
  }

  /** Keeps the rows that are equal at both ends of the list; replaces what lies between. */
  #replaceRows(array: Y.Array<Row>, rows: readonly { readonly id: string }[]): void {
    const before = array.toArray()
    // A window slides: rows leave at the front while others come at the back.
    const first = rows[0] === undefined ? -1 : before.findIndex((row) => row['id'] === rows[0]!.id)
    const left = Math.max(first, 0)
    let head = 0
    while (head < rows.length && left + head < before.length && this.#shows(before[left + head]!, rows[head]!)) head++
    let tail = 0
    while (
      tail < rows.length - head &&
      tail < before.length - left - head &&
      this.#shows(before[before.length - 1 - tail]!, rows[rows.length - 1 - tail]!)
    )
      tail++
    const from = left + head
    const removed = before.length - tail - from
    const inserted = rows.slice(head, rows.length - tail).map((value) => this.#toRow(value))
    if (removed > 0) array.delete(from, removed)
    // At the end without looking for the place.
    if (inserted.length > 0 && tail === 0) array.push(inserted)
    else if (inserted.length > 0) array.insert(from, inserted)
    if (left > 0) array.delete(0, left)
  }

  #shows(row: Row, value: object): boolean {
    if (this.#sources.get(row) === value) return true
    const isSame = shows(row, value)
    if (isSame) this.#sources.set(row, value)
    return isSame
  }

  #toRow(value: object): Row {
    const row = Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined))
    this.#sources.set(row, value)
    return row
  }

  /** Awareness wants numbers; any that is not taken will do, for they stay on this device. */
  #freeClient(): number {
    return this.doc.clientID === this.#clients.size + 1 ? this.#clients.size + 2 : this.#clients.size + 1
  }
}

/** Whether a row of the document shows this value; what is undefined is not in a row. */
function shows(row: unknown, value: unknown): boolean {
  if (row === value) return true
  if (typeof row !== 'object' || typeof value !== 'object' || row === null || value === null) return false
  // Walked through without lists of keys: this looks at every row of the window with every change.
  let rest = Object.keys(row).length
  for (const key in value) {
    const item = (value as Row)[key]
    if (item === undefined) continue
    if (!shows((row as Row)[key], item)) return false
    rest--
  }
  return rest === 0
}

function replaceMap(map: Y.Map<unknown>, values: Readonly<Record<string, unknown>>): void {
  for (const key of [...map.keys()]) if (!Object.hasOwn(values, key)) map.delete(key)
  for (const [key, value] of Object.entries(values)) if (map.get(key) !== value) map.set(key, value)
}
