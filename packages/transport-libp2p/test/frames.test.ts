import { MAX_FRAME_BYTES } from '@parley/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, FrameReader, joinBytes } from '../src/frames.ts'

function read(reader: FrameReader, ...chunks: Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (const chunk of chunks) reader.push(chunk, (frame) => frames.push(frame))
  return frames
}

test('frames come back whole however the stream cuts them', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(frames, fc.array(fc.nat(500)), (sent, cuts) => {
      let rest = joinBytes(sent.map(encodeFrame))
      const chunks: Uint8Array[] = []
      for (const cut of cuts) {
        chunks.push(rest.subarray(0, cut))
        rest = rest.subarray(cut)
      }
      expect(read(new FrameReader(), ...chunks, rest)).toEqual(sent)
    }),
  )
})

test('the largest frame passes, one byte more is refused, and so is an empty one', () => {
  const largest = new Uint8Array(MAX_FRAME_BYTES).fill(7)
  expect(read(new FrameReader(), encodeFrame(largest))).toEqual([largest])
  expect(() => read(new FrameReader(), Uint8Array.of(0x40, 0x01))).toThrow(expect.objectContaining({ code: 'LimitExceeded' }))
  expect(() => read(new FrameReader(), Uint8Array.of(0, 0))).toThrow(expect.objectContaining({ code: 'BadShape' }))
})

test('what came before a bad length is delivered, and frames are copies', () => {
  const frames: Uint8Array[] = []
  // A Buffer, as sockets give: its `slice` would be a view.
  const bytes = Buffer.from(joinBytes([encodeFrame(Uint8Array.of(1, 2)), Uint8Array.of(0xff, 0xff)]))
  expect(() => new FrameReader().push(bytes, (frame) => frames.push(frame))).toThrow('a frame of 65535 bytes')
  bytes.fill(0)
  expect(frames).toEqual([Uint8Array.of(1, 2)])
})

test('any bytes give frames within the limit or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const reader = new FrameReader()
      try {
        reader.push(bytes, (frame) => expect(frame.length >= 1 && frame.length <= MAX_FRAME_BYTES).toBe(true))
      } catch (error) {
        expect(error).toHaveProperty('name', 'Reject')
      }
    }),
  )
})
