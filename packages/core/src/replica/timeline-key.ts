/** The keys of the timeline: the order of messages, and in it where each is. */
import {
  compareBytes,
  concatBytes,
  deviceIdOf,
  hlcBytes,
  hlcFromBytes,
  messageIdOf,
  readU32be,
  u32be,
  type DeviceId,
  type Hlc,
  type MessageId,
} from '@parley/protocol'

/** hlc (8) | first 16 bytes of the entry id | device (16) | seq (4): order first, then where the entry is. */
export const TIMELINE_KEY_BYTES = 44

export function timelineKey(hlc: Hlc, entryId: Uint8Array, device: Uint8Array, seq: number): Uint8Array {
  return concatBytes(hlcBytes(hlc), entryId.subarray(0, 16), device, u32be(seq))
}

export function parseTimelineKey(key: Uint8Array): { id: MessageId; device: DeviceId; deviceBytes: Uint8Array; seq: number; hlc: Hlc } {
  const deviceBytes = key.slice(24, 40)
  const seq = readU32be(key.subarray(40))
  return {
    id: messageIdOf(deviceBytes, seq, key.subarray(8, 24)),
    device: deviceIdOf(deviceBytes),
    deviceBytes,
    seq,
    hlc: hlcFromBytes(key.subarray(0, 8)),
  }
}

/** The smallest key that is greater: where what follows `key` begins. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = key.slice()
  for (let i = after.length - 1; i >= 0; i--) {
    after[i] = (after[i]! + 1) & 0xff
    if (after[i] !== 0) return after
  }
  return key
}

/** Order of two timeline keys. */
export const compareKeys = compareBytes

/** The id of the message under a timeline key. */
export const messageIdOfKey = (key: Uint8Array): MessageId => parseTimelineKey(key).id
