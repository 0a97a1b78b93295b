/**
 * The Timeline fold over real logs: posts, edits, deletions, reactions and replies of several users with several devices, folded in every
 * order that arrival may have, with checkpoints and crashes in between, show the same.
 */
import { createEpochSecret, openBody } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import {
  bodyAad,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeDelete,
  encodeEdit,
  encodePost,
  encodeReact,
  EntryKind,
  messageIdBytes,
  messageIdOf,
  userIdBytes,
  userIdOf,
  type DeviceId,
  type EntryParts,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import { createMemoryStore, seededRandom } from '@parley/testing'
import { expect, test } from 'vitest'
import type { Store } from '../src/index.ts'
import { EpochKeys } from '../src/replica/epochs.ts'
import type { LogId } from '../src/replica/forks.ts'
import { Keyspace } from '../src/replica/keyspace.ts'
import type { LogEntry } from '../src/replica/log-entry.ts'
import { ConversationLog } from '../src/replica/log.ts'
import { Timeline } from '../src/replica/timeline.ts'

const conversation = new Uint8Array(32).fill(7)
const crypto = nodeProvider()
const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)
const keys = new Keyspace(conversation)
const epochs = new EpochKeys(conversation)
const epoch = epochs.add(createEpochSecret(seedBytes(1)))

/** Two devices of alice, two of bob, one of carol, all in one. */
const DEVICES: readonly { readonly device: DeviceId; readonly user: UserId }[] = [1, 1, 2, 2, 3].map((user, i) => ({
  device: deviceIdOf(new Uint8Array(16).fill(10 + i)),
  user: userIdOf(new Uint8Array(32).fill(user)),
}))
const SIGNING = DEVICES.map((_, i) => crypto.signingKey(new Uint8Array(32).fill(50 + i)))
const me = DEVICES[0]!.user
const userOf = (device: DeviceId): UserId | undefined => DEVICES.find((d) => d.device === device)?.user
const START_MS = 1_790_000_000_000
const EMOJI = ['👍', '🎉', '👀']

function seedBytes(seed: number): (length: number) => Uint8Array {
  const random = seededRandom(seed)
  return (length) => random.bytes(length)
}

interface Random {
  /** A whole number below `n`. */
  below(n: number): number
  bytes(n: number): Uint8Array
}

function randomOf(seed: number): Random {
  const source = seededRandom(seed)
  return {
    below: (n) => new DataView(source.bytes(4).buffer).getUint32(0) % n,
    bytes: (n) => source.bytes(n),
  }
}

/** What a message should be, by the rules said as plainly as they can be. */
interface Said {
  readonly entry: LogEntry
  readonly user: UserId
  readonly op:
    | { what: 'post'; id: MessageId; text: string; reply: MessageId | undefined; mentions: boolean }
    | { what: 'edit'; target: MessageId; text: string; mentions: boolean }
    | { what: 'delete'; target: MessageId }
    | { what: 'react'; target: MessageId; emoji: string; on: boolean }
}

async function history(random: Random, length: number): Promise<Said[]> {
  const store = createMemoryStore()
  const log = new ConversationLog({ conversation, crypto, keys, store })
  await log.open()
  const said: Said[] = []
  let now = START_MS
  for (let i = 0; i < length; i++) {
    const who = random.below(DEVICES.length)
    const { device, user } = DEVICES[who]!
    const posts = said.flatMap((s) => (s.op.what === 'post' ? [{ id: s.op.id, user: s.user }] : []))
    const posted = posts[random.below(Math.max(1, posts.length))]?.id
    const mine = posts.filter((p) => p.user === user)
    const own = mine[random.below(Math.max(1, mine.length))]?.id
    // Now and then something that a dishonest member would say: it changes nothing anywhere.
    const target = random.below(12) === 0 ? posted : own
    const kind = random.below(10)
    const isMention = random.below(4) === 0
    const content = (text: string, reply: MessageId | undefined): Parameters<typeof encodePost>[0] => ({
      text,
      metadata: {},
      reply: reply === undefined ? undefined : messageIdBytes(reply),
      mentions: isMention ? [{ user: userIdBytes(me), from: 0, to: 1 }] : [],
    })
    let draft: { kind: (typeof EntryKind)[keyof typeof EntryKind]; payload: Uint8Array }
    let op: (entry: LogEntry) => Said['op']
    if (kind < 4 || posted === undefined) {
      const reply = random.below(2) === 0 ? posted : undefined
      draft = { kind: EntryKind.post, payload: encodePost(content(`post ${i}`, reply)) }
      op = ({ seq, id }) => ({
        what: 'post',
        id: messageIdOf(deviceIdBytes(device), seq, id),
        text: `post ${i}`,
        reply,
        mentions: isMention,
      })
    } else if (kind < 6 && target !== undefined) {
      draft = { kind: EntryKind.edit, payload: encodeEdit({ ...content(`edit ${i}`, undefined), target: messageIdBytes(target) }) }
      op = () => ({ what: 'edit', target, text: `edit ${i}`, mentions: isMention })
    } else if (kind < 7 && target !== undefined) {
      draft = { kind: EntryKind.delete, payload: encodeDelete({ target: messageIdBytes(target) }) }
      op = () => ({ what: 'delete', target })
    } else {
      const emoji = EMOJI[random.below(EMOJI.length)]!
      const on = random.below(3) > 0
      draft = { kind: EntryKind.react, payload: encodeReact({ target: messageIdBytes(posted), emoji, on }) }
      op = () => ({ what: 'react', target: posted, emoji, on })
    }
    now += random.below(3)
    const [entry] = await log.append(
      { device, key: SIGNING[who]! },
      [{ ...draft, epoch }],
      now,
      (n) => random.bytes(n),
      () => [],
    )
    said.push({ entry: entry!, user, op: op(entry!) })
  }
  return said
}

/** Everything, in the order of clocks: which `log.append` gives each entry of this history. */
function expected(said: readonly Said[]): unknown {
  const authors = new Map(said.flatMap(({ op, user }) => (op.what === 'post' ? [[op.id, user] as const] : [])))
  const isAllowed = ({ op, user }: Said): boolean => op.what === 'post' || op.what === 'react' || authors.get(op.target) === user
  const valid = said.filter(isAllowed)
  const deleted = new Set(valid.flatMap(({ op }) => (op.what === 'delete' ? [op.target] : [])))
  const messages = valid.flatMap(({ op, user }) => {
    if (op.what !== 'post' || deleted.has(op.id)) return []
    const edits = valid.flatMap((s) => (s.op.what === 'edit' && s.op.target === op.id ? [s.op] : []))
    const shown = edits.at(-1) ?? op
    const choices = new Map<string, { user: UserId; emoji: string; on: boolean }>()
    for (const s of valid) {
      if (s.op.what !== 'react' || s.op.target !== op.id) continue
      const name = `${s.user} ${s.op.emoji}`
      choices.delete(name)
      choices.set(name, { user: s.user, emoji: s.op.emoji, on: s.op.on })
    }
    const reactions = new Map<string, UserId[]>()
    for (const { user: by, emoji, on } of choices.values()) if (on) reactions.set(emoji, [...(reactions.get(emoji) ?? []), by])
    const replies = valid.flatMap((s) => (s.op.what === 'post' && s.op.reply === op.id && !deleted.has(s.op.id) ? [s.op.id] : []))
    const isMention = shown.mentions && user !== me
    return [
      {
        id: op.id,
        text: shown.text,
        edits: edits.length,
        reactions: [...reactions].map(([emoji, users]) => ({ emoji, users })),
        replies,
        isMention,
      },
    ]
  })
  return { messages, mentions: messages.filter((m) => m.isMention).length }
}

/** Entries of which nothing may be left: deleted messages with what their authors made of them and what anybody hung on them. */
function gone(said: readonly Said[]): LogEntry[] {
  const authors = new Map(said.flatMap(({ op, user }) => (op.what === 'post' ? [[op.id, user] as const] : [])))
  const deleted = new Set(said.flatMap(({ op, user }) => (op.what === 'delete' && authors.get(op.target) === user ? [op.target] : [])))
  return said.flatMap(({ op, user, entry }) => {
    if (op.what === 'delete') return []
    const id = op.what === 'post' ? op.id : op.target
    const counts = op.what !== 'edit' || authors.get(id) === user
    return counts && deleted.has(id) ? [entry] : []
  })
}

/** One peer: its store, the logs in it, and the fold of what has come. */
class Peer {
  readonly #store: Store
  timeline!: Timeline
  log!: ConversationLog

  constructor(store: Store) {
    this.#store = store
  }

  async open(): Promise<void> {
    const store = this.#store
    this.log = new ConversationLog({ conversation, crypto, keys, store })
    await this.log.open()
    this.timeline = new Timeline({
      conversation,
      hash,
      keys,
      store,
      log: this.log,
      host: {
        open: (log, seq, parts) => this.#openBody(log, seq, parts),
        isPlain: () => false,
        userOf,
        me: () => me,
        mayPost: () => true,
        canOpen: () => true,
        voice: () => [{ from: 0, to: Number.POSITIVE_INFINITY }],
        deleted: () => Promise.resolve(),
        damaged: (id) => expect.unreachable(id),
        limit: () => Number.POSITIVE_INFINITY,
        version: () => 0,
      },
      mend: () => Promise.resolve(),
    })
    await this.timeline.open()
  }

  /** Takes in the next entries of one log. */
  async receive(entries: readonly LogEntry[]): Promise<readonly LogEntry[]> {
    const [{ device, seq }] = entries as readonly [LogEntry]
    const { publicKey } = SIGNING[DEVICES.findIndex((d) => d.device === device)]!
    const ingested = await this.log.verify(
      device,
      publicKey,
      seq,
      entries.map(({ bytes }) => bytes),
      START_MS + 1_000_000,
    )
    await this.#store.write(ingested.operations)
    this.log.commit(device, ingested)
    await this.timeline.apply(ingested.entries)
    return ingested.entries
  }

  async shows(): Promise<unknown> {
    const { timeline } = this
    const contents = await timeline.read(await timeline.slice(0, timeline.total))
    const messages = []
    for (const { id, payload, reactions, replies } of contents) {
      const keysOfReplies = await timeline.indexes.replies(messageIdBytes(id), 500)
      const answers = (await timeline.read(keysOfReplies)).map((content) => content.id)
      expect(replies).toBe(answers.length)
      const isMention = payload.mentions.length > 0 && userOf(contents.find((c) => c.id === id)!.device) !== me
      const edits = ((await timeline.versions(id))?.length ?? 0) - 1
      messages.push({ id, text: payload.text, edits, reactions, replies: answers, isMention })
    }
    return { messages, mentions: await timeline.indexes.mentionsFrom(undefined) }
  }

  /** Whether no body of these entries is left. */
  async isClearOf(entries: readonly LogEntry[]): Promise<boolean> {
    const rows = await this.#store.getMany(entries.map(({ device, seq }) => keys.entry(deviceIdBytes(device), seq)))
    return rows.every((row) => row !== undefined && decodeEntry(row).body === undefined)
  }

  #openBody(log: LogId, seq: number, { headerBytes, body }: EntryParts): Uint8Array | undefined {
    const bytes = deviceIdBytes(this.log.deviceOf(log))
    const key = epoch.messageKey(bytes)
    return body && key && openBody(key, body, bodyAad(conversation, bytes, seq, headerBytes))
  }
}

/** An order of arrival: any that keeps each log in its own. */
function shuffled(said: readonly Said[], random: Random): LogEntry[][] {
  const logs = new Map<DeviceId, LogEntry[]>()
  for (const { entry } of said) logs.set(entry.device, [...(logs.get(entry.device) ?? []), entry])
  const result: LogEntry[][] = []
  while (logs.size > 0) {
    const devices = [...logs.keys()]
    const device = devices[random.below(devices.length)]!
    const left = logs.get(device)!
    // Sometimes a whole piece of one log at once, as when a history comes in.
    result.push(left.splice(0, random.below(4) === 0 ? 20 : 1))
    if (left.length === 0) logs.delete(device)
  }
  return result
}

test.each(Array.from({ length: 10 }, (_, seed) => seed))(
  'seed %i: every order of arrival shows the same',
  { timeout: 60_000 },
  async (seed) => {
    const random = randomOf(seed + 1)
    const said = await history(random, 150)
    const whole = expected(said)
    for (let order = 0; order < 3; order++) {
      const peer = new Peer(createMemoryStore())
      await peer.open()
      for (const piece of shuffled(said, random)) {
        const received = await peer.receive(piece)
        // Once more, as when a body came late: nothing changes.
        if (random.below(8) === 0) await peer.timeline.apply(received)
        if (random.below(8) === 0) await peer.timeline.checkpoint()
        // A crash: what was not written down is folded again from the logs, in which bodies have been purged.
        if (random.below(8) === 0) await peer.open()
      }
      expect(await peer.shows()).toEqual(whole)
      await peer.timeline.checkpoint()
      await peer.open()
      expect(await peer.shows()).toEqual(whole)
      expect(await peer.isClearOf(gone(said))).toBe(true)
      await peer.timeline.rebuild()
      expect(await peer.shows()).toEqual(whole)
      expect(await peer.isClearOf(gone(said))).toBe(true)
    }
  },
)
