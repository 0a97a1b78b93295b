/**
 * The view document and the Awareness of a guest. They live as long as the tab; those of the hosts come and go, so what a host shows is copied
 * by content and never merged: two hosts have written the same messages under clientIDs of their own.
 */
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { applyAwarenessUpdate, Awareness } from 'y-protocols/awareness'
import { same } from './values.ts'

/** Origin of the transactions, as in the engine. */
const VIEW_ORIGIN = 'parley'
const LISTS = ['messages', 'members'] as const
const MAPS = ['metadata'] as const

export class GuestView {
  readonly doc = new Y.Doc()
  readonly awareness = new Awareness(this.doc)
  /** What the present host shows. */
  #shadow = new Y.Doc()
  readonly #clocks = new Map<number, number>()

  constructor() {
    for (const name of LISTS) this.doc.getArray(name)
    for (const name of MAPS) this.doc.getMap(name)
    this.awareness.setLocalState(null)
  }

  /** An update of the host's document; `whole` is the first of a host. */
  applyDoc(update: Uint8Array, whole: boolean): void {
    if (whole) {
      this.#shadow.destroy()
      this.#shadow = new Y.Doc()
    }
    Y.applyUpdate(this.#shadow, update)
    this.doc.transact(() => {
      for (const name of LISTS) copyList(this.#shadow.getArray(name), this.doc.getArray(name))
      for (const name of MAPS) copyMap(this.#shadow.getMap(name), this.doc.getMap(name))
    }, VIEW_ORIGIN)
  }

  /** States by the host's client number; with `whole`, who is not among them is gone. */
  applyPeople(states: readonly (readonly [number, unknown])[], whole: boolean): void {
    const named = new Set(states.map(([client]) => client))
    const gone = whole ? [...this.awareness.getStates().keys()].filter((client) => !named.has(client)) : []
    const all = [...states, ...gone.map((client) => [client, null] as const)].filter(([client]) => client !== this.doc.clientID)
    if (all.length === 0) return
    const update = encoding.createEncoder()
    encoding.writeVarUint(update, all.length)
    for (const [client, state] of all) {
      // Later than what the host before said of somebody with that number.
      const clock = (this.#clocks.get(client) ?? 0) + 1
      this.#clocks.set(client, clock)
      encoding.writeVarUint(update, client)
      encoding.writeVarUint(update, clock)
      encoding.writeVarString(update, JSON.stringify(state ?? null))
    }
    applyAwarenessUpdate(this.awareness, encoding.toUint8Array(update), VIEW_ORIGIN)
  }

  destroy(): void {
    this.awareness.destroy()
    this.#shadow.destroy()
    this.doc.destroy()
  }
}

/** Makes `to` show what `from` does with the smallest change: a window slides, rows leave at the front while others come at the back. */
function copyList(from: Y.Array<unknown>, to: Y.Array<unknown>): void {
  const rows = from.toArray()
  const before = to.toArray()
  const left = Math.max(0, rows.length === 0 ? 0 : before.findIndex((row) => isSameRow(row, rows[0])))
  let head = 0
  while (head < rows.length && left + head < before.length && same(before[left + head], rows[head])) head++
  let tail = 0
  while (
    tail < rows.length - head &&
    tail < before.length - left - head &&
    same(before[before.length - 1 - tail], rows[rows.length - 1 - tail])
  )
    tail++
  const at = left + head
  const removed = before.length - tail - at
  const inserted = rows.slice(head, rows.length - tail)
  if (removed > 0) to.delete(at, removed)
  if (inserted.length > 0) to.insert(at, inserted)
  if (left > 0) to.delete(0, left)
}

/** Whether two rows are about the same thing, be it changed or not. */
function isSameRow(a: unknown, b: unknown): boolean {
  return (a as { id?: unknown } | undefined)?.id === (b as { id?: unknown } | undefined)?.id
}

function copyMap(from: Y.Map<unknown>, to: Y.Map<unknown>): void {
  for (const key of [...to.keys()]) if (!from.has(key)) to.delete(key)
  for (const [key, value] of from.entries()) if (!same(to.get(key), value)) to.set(key, value)
}
