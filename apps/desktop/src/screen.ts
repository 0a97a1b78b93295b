/**
 * A terminal taken over whole: what a full-screen interface draws on and hears keys from.
 */

/** In character cells. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Hears what happens at the terminal. */
export interface ScreenListener {
  /** What was typed, in the bytes that terminals make of keys, read as UTF-8. */
  keys(text: string): void
  resized(): void
}

/** A terminal while it is taken over. Whoever opened it closes it, which gives the person their terminal back as it was. */
export interface Screen {
  readonly size: Size
  /** Draws: text and escape sequences, as they are. */
  write(text: string): void
  /** Safe to call twice. */
  close(): void
}

export type OpenScreen = (listener: ScreenListener) => Screen

const ESC = '\u001b['
/** The other screen, without the cursor, lines that are cut instead of wrapped, and pasted text that says that it is. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}?2004h`
const LEAVE = `${ESC}?2004l${ESC}?7h${ESC}0m${ESC}?25h${ESC}?1049l`

/** What of a terminal's two streams is used. */
export interface TerminalStreams {
  readonly stdin: Pick<NodeJS.ReadStream, 'setRawMode' | 'setEncoding' | 'on' | 'off' | 'resume' | 'pause'>
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'on' | 'off' | 'columns' | 'rows'>
}

/** Takes the terminal of this process over, and sees to it that it is given back however the process ends, short of a `kill -9`. */
export function openTerminal({ stdin, stdout }: TerminalStreams, listener: ScreenListener): Screen {
  let isOpen = true
  const keys = (piece: string): void => listener.keys(piece)
  const resized = (): void => listener.resized()
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    stdin.off('data', keys)
    stdout.off('resize', resized)
    process.off('exit', close)
    process.off('uncaughtExceptionMonitor', close)
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(LEAVE)
  }
  process.on('exit', close)
  // Before Node prints what happened, which would otherwise vanish with the other screen.
  process.on('uncaughtExceptionMonitor', close)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.on('data', keys)
  stdin.resume()
  stdout.on('resize', resized)
  stdout.write(ENTER)
  return {
    get size() {
      return { columns: stdout.columns, rows: stdout.rows }
    },
    write: (text) => void (isOpen && stdout.write(text)),
    close,
  }
}
