/** The real clock, random numbers and a silent logger: what both platforms have. */
import type { Clock, Logger, Random } from '@parley/core'

/** Largest request that the Web Crypto specification allows. */
const MAX_RANDOM_BYTES = 65_536

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += MAX_RANDOM_BYTES) crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM_BYTES))
    return bytes
  },
}

export const silentLogger: Logger = { debug: () => undefined, warn: () => undefined, error: () => undefined }
