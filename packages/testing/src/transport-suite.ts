import { CHANNEL_HIGH_WATER_BYTES, MAX_FRAME_BYTES } from '@parley/core'
import { describe, expect, test } from 'vitest'
import { Stage, burst, frame, listen, sameBytes, topic } from './transport-suite-support.ts'
import type { Side, TransportSuiteOptions } from './transport-suite-support.ts'

/** 8 MiB: many times every buffer on the way. */
const BURST_FRAMES = 512

/** 2 MiB, and how long the slow reader takes over each frame of it: together longer than any buffer lasts. */
const SLOW_FRAMES = 128
const SLOW_READ_MS = 2

/** Times to stop and start where each takes a handshake on a real network. */
const DEFAULT_CYCLES = 5

/** Vitest's limit of one test; the waits inside fail first and say what they waited for. */
const TEST_TIMEOUT_MS = 60_000

/**
 * What every Transport must do, as vitest tests named after the contract. Call it at the top of a test file:
 * `transportAcceptance('memory', { createPair })`. Every test asks for a pair of its own.
 */
export function transportAcceptance(name: string, options: TransportSuiteOptions): void {
  /** One test over a pair of its own, which is stopped and disposed of whatever happens. */
  const check = (title: string, body: (stage: Stage) => Promise<void>): void => {
    test(
      title,
      async () => {
        const stage = new Stage(await options.createPair(), options)
        try {
          await body(stage)
        } finally {
          await stage.end()
        }
      },
      TEST_TIMEOUT_MS,
    )
  }

  describe(`${name} transport`, () => {
    check('two peers with one topic get one channel, with the same binding at both ends', async (stage) => {
      const [a, b] = await stage.connect()
      expect(a.channel.binding.length).toBeGreaterThan(0)
      expect(sameBytes(a.channel.binding, b.channel.binding)).toBe(true)
      expect([a.channel.transport, b.channel.transport]).toEqual([stage.pair.a.name, stage.pair.b.name])
      expect([a.channel.closed, b.channel.closed]).toEqual([false, false])
      await stage.quiet()
      expect([stage.alice.taps.length, stage.bob.taps.length]).toEqual([1, 1])
    })

    check('frames of 1 byte to the largest size arrive whole and in order, both ways', async (stage) => {
      const [a, b] = await stage.connect()
      const sizes = [1, MAX_FRAME_BYTES, 2, 1_000, MAX_FRAME_BYTES - 1, 1, 1_200, 8_191, MAX_FRAME_BYTES]
      sizes.forEach((size, index) => {
        a.channel.send(frame(size, index))
        b.channel.send(frame(size, index + 100))
      })
      await stage.until(() => a.frames.length >= sizes.length && b.frames.length >= sizes.length, 'all frames are there')
      expect(b.frames.map((got, index) => sameBytes(got, frame(sizes[index] ?? 0, index)))).toEqual(sizes.map(() => true))
      expect(a.frames.map((got, index) => sameBytes(got, frame(sizes[index] ?? 0, index + 100)))).toEqual(sizes.map(() => true))
    })

    check('the sender may reuse its buffer after send', async (stage) => {
      const [a, b] = await stage.connect()
      const buffer = frame(64, 1)
      a.channel.send(buffer)
      buffer.fill(0)
      await stage.until(() => b.frames.length > 0, 'the frame is there')
      expect(sameBytes(b.frames[0], frame(64, 1))).toBe(true)
    })

    check('a frame that is empty or too large is refused, and the channel goes on', async (stage) => {
      const [a, b] = await stage.connect()
      expect(() => a.channel.send(frame(MAX_FRAME_BYTES + 1))).toThrow(expect.objectContaining({ code: 'TooLarge' }))
      expect(() => a.channel.send(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
      a.channel.send(frame(3))
      await stage.until(() => b.frames.length > 0, 'the good frame is there')
      expect(b.frames.map((got) => sameBytes(got, frame(3)))).toEqual([true])
    })

    check('a burst of 8 MiB arrives under back-pressure', async (stage) => {
      const [a, b] = await stage.connect()
      const fullest = await stage.wait(burst(a.channel, BURST_FRAMES), 'the burst is sent')
      await stage.until(() => b.frames.length >= BURST_FRAMES, 'the burst is there')
      expect(fullest).toBeLessThanOrEqual(CHANNEL_HIGH_WATER_BYTES + MAX_FRAME_BYTES * 2)
      const wrong = b.frames.findIndex((got, index) => !sameBytes(got, frame(MAX_FRAME_BYTES, index)))
      expect([b.frames.length, wrong]).toEqual([BURST_FRAMES, -1])
      await stage.wait(a.channel.drained(), 'the buffer is empty')
      expect(a.channel.bufferedBytes).toBeLessThan(CHANNEL_HIGH_WATER_BYTES / 2)
    })

    check('frames that come before onFrame is set are kept, in order', async (stage) => {
      stage.listening = false
      const [a, b] = await stage.connect()
      for (let index = 0; index < 5; index++) a.channel.send(frame(10, index))
      await stage.quiet()
      listen(b)
      a.channel.send(frame(10, 5))
      await stage.until(() => b.frames.length >= 6, 'all frames are there')
      expect(b.frames.map((got, index) => sameBytes(got, frame(10, index)))).toEqual(Array(6).fill(true))
    })

    check('close is told once at both ends, after the frames before it', async (stage) => {
      const [a, b] = await stage.connect()
      for (let index = 0; index < 20; index++) a.channel.send(frame(1_000, index))
      a.channel.close('enough')
      a.channel.close('again')
      await stage.until(() => a.closes.length > 0 && b.closes.length > 0, 'both ends are told')
      await stage.quiet()
      expect([a.closes.length, b.closes.length]).toEqual([1, 1])
      expect([a.channel.closed, b.channel.closed]).toEqual([true, true])
      expect(b.framesAtClose).toBe(20)
      expect(b.frames.length).toBe(20)
    })

    check('a closed channel drops what is sent, is drained, and tells a late listener at once', async (stage) => {
      const [a, b] = await stage.connect()
      b.channel.close('enough')
      await stage.until(() => a.closes.length > 0, 'alice is told')
      a.channel.send(frame(10))
      b.channel.send(frame(10))
      await stage.wait(a.channel.drained(), 'a closed channel is drained')
      let told = 0
      a.channel.onClose(() => void told++)
      expect(told).toBe(1)
      await stage.quiet()
      expect([a.frames.length, b.frames.length]).toEqual([0, 0])
    })

    check('close in the middle of a burst lets drained() go', async (stage) => {
      const [a] = await stage.connect()
      while (a.channel.bufferedBytes <= CHANNEL_HIGH_WATER_BYTES) a.channel.send(frame(MAX_FRAME_BYTES))
      const drained = a.channel.drained()
      a.channel.close('enough')
      await stage.wait(drained, 'drained() resolves')
      expect(a.channel.closed).toBe(true)
    })

    check('stop closes every channel, is told at both ends, and can be repeated', async (stage) => {
      const [a, b] = await stage.connect()
      await stage.wait(stage.pair.a.stop(), 'alice stops')
      await stage.until(() => a.closes.length > 0 && b.closes.length > 0, 'both ends are told')
      await stage.wait(stage.pair.a.stop(), 'alice stops again')
      await stage.quiet()
      expect([a.closes.length, b.closes.length]).toEqual([1, 1])
      expect([stage.alice.taps.length, stage.bob.taps.length]).toEqual([1, 1])
      expect(stage.pair.a.addresses()).toEqual([])
    })

    check('stop before start does nothing', async (stage) => {
      await stage.wait(stage.pair.a.stop(), 'alice stops')
      expect(stage.alice.taps).toEqual([])
    })

    check('peers whose channel was lost are told and meet again', async (stage) => {
      const [a, b] = await stage.connect()
      await stage.pair.sever()
      await stage.until(() => a.closes.length > 0 && b.closes.length > 0, 'both ends are told')
      stage.pair.a.wake?.()
      stage.pair.b.wake?.()
      await stage.meet()
      const [again, there] = await stage.channels(2)
      again.channel.send(frame(100))
      await stage.until(() => there.frames.length > 0, 'a frame goes over the new channel')
      expect(sameBytes(there.frames[0], frame(100))).toBe(true)
      expect([a.closes.length, b.closes.length]).toEqual([1, 1])
    })

    check('a channel that is lost in the middle of a burst has brought whole frames in order, and lets the sender go', async (stage) => {
      const [a, b] = await stage.connect()
      const sent = burst(a.channel, BURST_FRAMES)
      await stage.until(() => b.frames.length >= 20, 'some of it is there')
      await stage.pair.sever()
      await stage.until(() => a.closes.length > 0 && b.closes.length > 0, 'both ends are told')
      await stage.wait(sent, 'the sender is let go')
      await stage.quiet()
      expect(b.frames.findIndex((got, index) => !sameBytes(got, frame(MAX_FRAME_BYTES, index)))).toBe(-1)
      expect([a.closes.length, b.closes.length, b.framesAtClose]).toEqual([1, 1, b.frames.length])
    })

    check('a slow reader gets everything, while the sender holds no more than its buffer', async (stage) => {
      stage.listening = false
      const [a, b] = await stage.connect()
      listen(a)
      let read = 0
      b.channel.onFrame((got) => {
        if (sameBytes(got, frame(MAX_FRAME_BYTES, read))) read++
        const end = performance.now() + SLOW_READ_MS
        while (performance.now() < end);
      })
      const fullest = await stage.wait(burst(a.channel, SLOW_FRAMES), 'the burst is sent')
      await stage.until(() => read === SLOW_FRAMES, 'every frame is read')
      expect(fullest).toBeLessThanOrEqual(CHANNEL_HIGH_WATER_BYTES + MAX_FRAME_BYTES * 2)
      expect(a.closes).toEqual([])
    })

    check('both look for each other at once, again and again: every channel has its other end', async (stage) => {
      await stage.connect()
      for (let round = 0; round < 3; round++) {
        stage.pair.a.wake?.()
        stage.pair.b.wake?.()
        await stage.meet()
      }
      await stage.quiet()
      const open = ({ taps }: Side): string[] => taps.filter((tap) => !tap.channel.closed).map((tap) => tap.channel.binding.join())
      expect(open(stage.alice).length).toBeGreaterThan(0)
      expect(open(stage.alice).toSorted()).toEqual(open(stage.bob).toSorted())
      if (stage.pair.meet === undefined) expect(stage.alice.taps.length).toBe(1)
    })

    const cycles = options.cycles ?? DEFAULT_CYCLES
    check(`${cycles} times stopped and started again, with a frame each time: nothing is left behind`, async (stage) => {
      await stage.connect()
      let held: number | undefined
      for (let cycle = 1; cycle <= cycles; cycle++) {
        await stage.wait(stage.pair.b.stop(), 'bob stops')
        await stage.until(() => stage.alice.taps.at(-1)?.closes.length === 1, 'alice is told')
        await stage.join()
        const [a, b] = await stage.channels(cycle + 1)
        a.channel.send(frame(100))
        await stage.until(() => b.frames.length === 1, 'the frame is there')
        held ??= stage.pair.held?.()
      }
      expect([stage.alice.taps.length, stage.bob.taps.length]).toEqual([cycles + 1, cycles + 1])
      if (held !== undefined) await stage.until(() => (stage.pair.held?.() ?? 0) <= held, 'no more is held than after the first time')
    })

    if (options.topicsDecide !== false) topicChecks(check)
  })
}

/** What concerns transports that bring peers together by topic. */
function topicChecks(check: (title: string, body: (stage: Stage) => Promise<void>) => void): void {
  check('peers with different topics get no channel, until they share one', async (stage) => {
    await stage.start([topic('one')], [topic('two')])
    await stage.quiet()
    expect([stage.alice.taps.length, stage.bob.taps.length]).toEqual([0, 0])
    stage.pair.a.setTopics([topic('one'), topic('three')])
    stage.pair.b.setTopics([topic('three'), topic('two')])
    const [a, b] = await stage.channels(1)
    expect(sameBytes(a.channel.binding, b.channel.binding)).toBe(true)
  })

  check('a topic that was taken away leads to no new channel, and leaves the open one', async (stage) => {
    const [a, b] = await stage.connect()
    stage.pair.a.setTopics([])
    await stage.quiet()
    a.channel.send(frame(5))
    await stage.until(() => b.frames.length > 0, 'the open channel goes on')
    await stage.pair.sever()
    await stage.until(() => a.closes.length > 0 && b.closes.length > 0, 'both ends are told')
    stage.pair.b.wake?.()
    await stage.quiet()
    expect([stage.alice.taps.length, stage.bob.taps.length]).toEqual([1, 1])
    stage.pair.a.setTopics([topic('common')])
    await stage.channels(2)
  })

  check('topics given after start are found as well', async (stage) => {
    await stage.start([], [])
    stage.pair.a.setTopics([topic('late')])
    stage.pair.b.setTopics([topic('late')])
    const [a, b] = await stage.channels(1)
    expect(sameBytes(a.channel.binding, b.channel.binding)).toBe(true)
  })
}
