/**
 * What tabs say to each other. Everything is checked on arrival: another version of the application may run in another tab.
 */

/** On the BroadcastChannel that all tabs share: who is there, and an invitation to a channel of two. */
export type HallMessage =
  | { kind: 'hello'; from: string; topics: string[]; to?: string }
  /** `pair` names the BroadcastChannel that `from` listens on already. */
  | { kind: 'call'; from: string; to: string; pair: string }

/** On the BroadcastChannel of two tabs. `bytes` counts all bytes of frames that have arrived so far. */
export type PairMessage =
  | { kind: 'ready' }
  | { kind: 'frame'; frame: Uint8Array }
  | { kind: 'got'; bytes: number }
  | { kind: 'bye'; reason: string }

/** More topics than a profile has conversations open. */
const MAX_TOPICS = 10_000
const MAX_TEXT_CHARACTERS = 256

/** Reads a message of the shared channel; undefined when it is none. */
export function readHallMessage(data: unknown): HallMessage | undefined {
  if (!isRecord(data) || !isText(data['from'])) return undefined
  const { kind, from, to, topics, pair } = data
  if (kind === 'hello' && Array.isArray(topics) && topics.length <= MAX_TOPICS && topics.every(isText)) {
    if (to === undefined) return { kind, from, topics }
    return isText(to) ? { kind, from, topics, to } : undefined
  }
  if (kind === 'call' && isText(to) && isText(pair)) return { kind, from, to, pair }
  return undefined
}

/** Reads a message of a channel of two; undefined when it is none. */
export function readPairMessage(data: unknown): PairMessage | undefined {
  if (!isRecord(data)) return undefined
  const { kind, frame, bytes, reason } = data
  if (kind === 'ready') return { kind }
  if (kind === 'frame' && frame instanceof Uint8Array) return { kind, frame }
  if (kind === 'got' && Number.isSafeInteger(bytes)) return { kind, bytes: bytes as number }
  if (kind === 'bye' && typeof reason === 'string') return { kind, reason: reason.slice(0, MAX_TEXT_CHARACTERS) }
  return undefined
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT_CHARACTERS
}
