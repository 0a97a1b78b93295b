/** Opening a conversation and looking at its pages, wherever the engine runs. */
import { PAGE_MESSAGES, type BenchMessage } from './messages.ts'

/** Times a middle page is read again, to tell what it costs once it is in memory. */
const WARM_READS = 20

/** Milliseconds. */
export interface ReadTimes {
  readonly open: number
  readonly coldPage: number
  readonly warmPage: number
  readonly farPage: number
}

/** A page by its number; page 1 holds the newest. */
export type ReadPage = (page: number) => Promise<readonly BenchMessage[]>

/** Opens a history of `total` messages and reads the newest page; then one in the middle, cold and warm, and the first one. `onOpen` is called in between. */
export async function timeReading(total: number, open: () => Promise<ReadPage>, onOpen = (): void => undefined): Promise<ReadTimes> {
  let read!: ReadPage
  const opened = await timed(async () => {
    read = await open()
    const newest = await read(1)
    if (newest.at(-1)?.metadata.n !== total - 1) throw new Error('this is not the newest page')
  })
  onOpen()
  const middle = Math.max(1, Math.floor(total / 2 / PAGE_MESSAGES))
  const coldPage = await timed(() => read(middle))
  const warm = await timed(async () => {
    for (let i = 0; i < WARM_READS; i++) await read(middle)
  })
  const farPage = await timed(() => read(Math.ceil(total / PAGE_MESSAGES)))
  return { open: opened, coldPage, warmPage: warm / WARM_READS, farPage }
}

/** Sends messages `from` up to `from + count`, so many at a time. Returns microseconds a message. */
export async function timeSending(from: number, count: number, inFlight: number, send: (n: number) => Promise<unknown>): Promise<number> {
  let next = from
  const worker = async (): Promise<void> => {
    while (next < from + count) await send(next++)
  }
  return ((await timed(() => Promise.all(Array.from({ length: inFlight }, worker)))) * 1_000) / count
}

/** Milliseconds that it takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
