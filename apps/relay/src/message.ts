import type { RelayLimits } from './limits.ts'

/** A message of the y-webrtc signalling protocol, as a client sends it. */
export type ClientMessage =
  | { type: 'subscribe' | 'unsubscribe'; topics: string[] }
  | { type: 'publish'; topic: string; data: unknown }
  | { type: 'ping' }

/** Why a message was refused. Each is counted in `Relay.stats()`. */
export type RefusalCode =
  | 'NotJson'
  | 'BadShape'
  | 'UnknownType'
  | 'BadTopic'
  | 'TooManyTopics'
  | 'TopicFull'
  | 'RelayFull'
  | 'TopicBusy'
  | 'RelayBusy'

/** What parsing gives: the message, or the reason why it is none. */
export type Parsed = { message: ClientMessage } | { refused: RefusalCode }

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads one message. Unknown fields are ignored, as other y-webrtc servers do, except the names that reach a prototype, which no client has
 * a reason to send. Only own fields are looked at, and topics live in Maps, so such names could do nothing anyway.
 */
export function parseMessage(bytes: Uint8Array, limits: RelayLimits): Parsed {
  const value = parseJson(bytes)
  if (value === NOT_JSON) return { refused: 'NotJson' }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { refused: 'BadShape' }
  const fields = new Map<string, unknown>(Object.entries(value))
  if (fields.has('__proto__') || fields.has('constructor') || fields.has('prototype')) return { refused: 'BadShape' }
  const type = fields.get('type')
  switch (type) {
    case 'ping':
      return { message: { type } }
    case 'subscribe':
    case 'unsubscribe': {
      const topics = fields.get('topics') ?? []
      if (!Array.isArray(topics)) return { refused: 'BadShape' }
      if (!topics.every((topic): topic is string => isTopic(topic, limits))) return { refused: 'BadTopic' }
      return { message: { type, topics } }
    }
    case 'publish': {
      const topic = fields.get('topic')
      return isTopic(topic, limits) ? { message: { type, topic, data: fields.get('data') } } : { refused: 'BadTopic' }
    }
    default:
      return { refused: 'UnknownType' }
  }
}

/** The bytes of a publish for its subscribers, `clients` being how many there are; undefined when nested too deeply to be written. */
export function encodePublish(topic: string, data: unknown, clients: number): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify({ type: 'publish', topic, data, clients }))
  } catch (error) {
    // JSON.parse reads any depth, JSON.stringify runs out of stack: 64 KiB of "[" is enough.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const NOT_JSON = Symbol('not JSON')

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (error) {
    // SyntaxError: no JSON. TypeError: no UTF-8.
    if (error instanceof SyntaxError || error instanceof TypeError) return NOT_JSON
    throw error
  }
}

function isTopic(value: unknown, limits: RelayLimits): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= limits.topicLength
}
