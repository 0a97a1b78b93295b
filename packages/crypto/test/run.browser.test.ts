import { describe, expect, onTestFinished, test } from 'vitest'
import { webCryptoProvider, verifyRun } from '../src/index.ts'
import { yieldToEventLoop } from '../src/yield.ts'
import { LogOf } from './log-of.ts'

const ENTRIES = 20_000
/** Hashed bytes of a slice, with the entry that fills it. */
const MAX_SLICE_BYTES = 65_536 + 400

/** A task that posts itself again: how often the event loop gives others their turn. */
function ticker(onTick?: (ticks: number) => void): { count: number } {
  const ticks = { count: 0 }
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    ticks.count++
    onTick?.(ticks.count)
    port2.postMessage(undefined)
  }
  port2.postMessage(undefined)
  onTestFinished(() => port1.close())
  return ticks
}

describe('a long run in a browser', async () => {
  const provider = await webCryptoProvider()
  const log = new LogOf(provider, 'alice')
  const entries = await log.emit(ENTRIES)

  test('lets others have their turn after every slice', async ({ annotate }) => {
    let hashed = 0
    let slice = 0
    let largest = 0
    const sliceMs: number[] = []
    let began = performance.now()
    const counting = {
      ...provider,
      name: provider.name,
      sha256: (bytes: Uint8Array) => provider.sha256(bytes),
      sha256Into: (bytes: Uint8Array, target: Uint8Array, offset: number) => {
        hashed += bytes.length
        slice += bytes.length
        provider.sha256Into(bytes, target, offset)
      },
      verify: (job: Parameters<typeof provider.verify>[0]) => provider.verify(job),
      verifyMany: (jobs: Parameters<typeof provider.verifyMany>[0]) => provider.verifyMany(jobs),
    }
    const ticks = ticker()
    let yields = 0
    let idle = 0
    const yieldNow = async (): Promise<void> => {
      sliceMs.push(performance.now() - began)
      largest = Math.max(largest, slice)
      slice = 0
      yields++
      const before = ticks.count
      await yieldToEventLoop()
      if (ticks.count === before) idle++
      began = performance.now()
    }
    const run = await verifyRun(counting, log.author, log.start, entries, { signatures: 'required', yieldNow })
    expect([run.entries.length, run.rest]).toEqual([ENTRIES, 0])
    expect(largest).toBeLessThanOrEqual(MAX_SLICE_BYTES)
    expect(yields).toBeGreaterThanOrEqual(hashed / MAX_SLICE_BYTES)
    const [median, longest] = [0.5, 1].map((share) => sliceMs.toSorted((a, b) => a - b)[Math.ceil(share * yields) - 1]!.toFixed(1))
    await annotate(`${ENTRIES} entries, ${provider.name}: ${yields} slices, median ${median} ms, longest ${longest} ms`)
    expect(idle).toBe(0)
  })

  test('is aborted by another task in the middle, and begins anew as if nothing had been', async () => {
    const controller = new AbortController()
    ticker((ticks) => {
      if (ticks === 3) controller.abort('enough')
    })
    const aborted = expect.objectContaining({ name: 'ParleyError', code: 'Aborted', cause: 'enough' })
    await expect(verifyRun(provider, log.author, log.start, entries, { signal: controller.signal })).rejects.toEqual(aborted)
    expect(log.start.nextSeq).toBe(0)
    expect((await verifyRun(provider, log.author, log.start, entries)).state).toEqual(log.state)
  })
})
