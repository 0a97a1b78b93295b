/**
 * From what a terminal sends to keys.
 */

/** Keys that are no text. `ctrl-` stands before a letter. `newline` breaks a line where `enter` sends. */
export type KeyName =
  | 'enter'
  | 'newline'
  | 'tab'
  | 'backtab'
  | 'escape'
  | 'backspace'
  | 'delete'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'wordleft'
  | 'wordright'
  | 'home'
  | 'end'
  | 'pageup'
  | 'pagedown'
  | 'f1'
  | `ctrl-${string}`

/** One key, or text that was typed or pasted. */
export type Key = { readonly name: KeyName } | { readonly text: string }

/** Characters of one paste; a message holds at most 40,000 bytes, which whoever sends more is told. */
const MAX_PASTE = 1 << 17
/** Of a sequence that has not ended yet; real ones have some eight characters. */
const MAX_SEQUENCE = 32
const PASTE_BEGIN = '200~'
const PASTE_END = '\u001b[201~'

const FINAL: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  P: 'f1',
  Z: 'backtab',
}
const NUMBERED: Readonly<Record<string, KeyName>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
}
const ALT: Readonly<Record<string, KeyName>> = { '\r': 'newline', '\n': 'newline', b: 'wordleft', f: 'wordright' }
const CONTROL: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'newline',
  '\t': 'tab',
  '\u0008': 'backspace',
  '\u007f': 'backspace',
}

/** Reads keys from pieces, which may end in the middle of one. What is no key that is known here is passed over. */
export class KeyReader {
  #rest = ''
  #paste: string | undefined

  push(piece: string): Key[] {
    // Alone it is the key; terminals send what follows it in a sequence with it.
    if (piece === '\u001b' && this.#rest === '' && this.#paste === undefined) return [{ name: 'escape' }]
    const keys: Key[] = []
    let text = this.#rest + piece
    this.#rest = ''
    while (text !== '') {
      const taken = this.#paste === undefined ? this.#take(text, keys) : this.#takePasted(text, keys)
      if (taken === 0) {
        this.#rest = text
        break
      }
      text = text.slice(taken)
    }
    return keys
  }

  /** Reads one key from the beginning and answers how long it was; 0 when its end has not come yet. */
  #take(text: string, keys: Key[]): number {
    // oxlint-disable-next-line no-control-regex -- these are what separates keys from text
    const typed = /^[^\u0000-\u001f\u007f]+/.exec(text)?.[0]
    if (typed !== undefined) {
      keys.push({ text: typed })
      return typed.length
    }
    if (text.startsWith('\u001b')) return this.#takeEscape(text, keys)
    const control = text[0] as string
    const letter = String.fromCharCode(control.charCodeAt(0) + 96)
    const name = CONTROL[control] ?? (/[a-z]/.test(letter) ? (`ctrl-${letter}` as const) : undefined)
    if (name !== undefined) keys.push({ name })
    return 1
  }

  #takeEscape(text: string, keys: Key[]): number {
    // oxlint-disable-next-line no-control-regex -- that is how they begin
    const sequence = /^\u001b(?:\[([\d;?<]*)([@-~])|O([@-~]))/.exec(text)
    if (sequence === null) return this.#takeUnfinished(text, keys)
    const [all, numbers = '', final = '', application] = sequence
    if (numbers + final === PASTE_BEGIN) this.#paste = ''
    const name = nameOf(numbers, application ?? final)
    if (name !== undefined) keys.push({ name })
    return all.length
  }

  #takeUnfinished(text: string, keys: Key[]): number {
    const next = text[1]
    if ((next === '[' || next === 'O') && text.length < MAX_SEQUENCE) return 0
    const name = next === undefined ? undefined : ALT[next]
    keys.push({ name: name ?? 'escape' })
    return name === undefined ? 1 : 2
  }

  #takePasted(text: string, keys: Key[]): number {
    const end = text.indexOf(PASTE_END)
    // Some of the end may have come: that is not part of the paste.
    const length = end === -1 ? Math.max(0, text.length - PASTE_END.length + 1) : end
    this.#paste = (this.#paste ?? '') + text.slice(0, Math.max(0, Math.min(length, MAX_PASTE - (this.#paste ?? '').length)))
    if (end === -1) return length
    if (this.#paste !== '') keys.push({ text: this.#paste.replace(/\r\n?/g, '\n') })
    this.#paste = undefined
    return end + PASTE_END.length
  }
}

function nameOf(numbers: string, final: string): KeyName | undefined {
  const [number = '', modifier] = numbers.split(';')
  const name = final === '~' ? NUMBERED[number] : FINAL[final]
  const isByWord = modifier !== undefined && modifier !== '1' && modifier !== '2'
  return isByWord && (name === 'left' || name === 'right') ? `word${name}` : name
}
