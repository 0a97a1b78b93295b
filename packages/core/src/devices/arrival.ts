/** A conversation that another device, or somebody who knows the recovery device, tells of: its control entries, until all are here. */
import { conversationIdOf, MAX_CARD_HINTS, Reject, type ControlCarrier, type ConversationId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { DeviceLine } from '../network/device-line.ts'
import { eraseConversation } from '../replica/erase.ts'
import { Replica } from '../replica/replica.ts'
import { fieldsOf, readTexts } from './steps.ts'

/** Bytes of control entries of one conversation: everything that a conversation can hold at usual sizes. */
const MAX_ARRIVAL_BYTES = 33_554_432

/** What came of one conversation. */
export interface Arrived {
  readonly id: ConversationId
  /** Where the one who told is found. */
  readonly hints: readonly string[]
  readonly entries: readonly ControlCarrier[]
}

/** Collects what comes on one device line: one conversation after the other. */
export class Arrivals {
  #current: { readonly id: Uint8Array; readonly hints: readonly string[]; readonly entries: ControlCarrier[] } | undefined
  #bytes = 0

  /** A conversation begins. @throws {Reject} */
  begin(line: DeviceLine, fields: readonly Uint8Array[]): void {
    const [id, hints] = fieldsOf(fields, [32, 0]) as [Uint8Array, Uint8Array]
    this.#current = { id, hints: readTexts(hints, MAX_CARD_HINTS), entries: [] }
    this.#bytes = 0
    line.trust()
    line.expect(id)
  }

  /** @throws {Reject} LimitExceeded */
  take(entries: readonly ControlCarrier[]): void {
    this.#bytes += entries.reduce((sum, { entry }) => sum + entry.length, 0)
    if (this.#bytes > MAX_ARRIVAL_BYTES) throw new Reject('LimitExceeded', 'a conversation larger than is taken in')
    // Copies: what a link delivers lies in one buffer of the whole message.
    for (const carrier of entries)
      this.#current?.entries.push({
        ...carrier,
        device: carrier.device.slice(),
        prevId: carrier.prevId.slice(),
        entry: carrier.entry.slice(),
      })
  }

  /** All of it was sent. @throws {Reject} */
  end(fields: readonly Uint8Array[]): Arrived {
    const [id] = fieldsOf(fields, [32]) as [Uint8Array]
    const current = this.#current
    this.#current = undefined
    if (current === undefined || conversationIdOf(current.id) !== conversationIdOf(id)) throw new Reject('BadShape', 'conversation')
    return { id: conversationIdOf(id), hints: current.hints, entries: current.entries }
  }
}

/** Takes a conversation in that was told of, as the device of `context`; undefined, and nothing stored, when that is not in it or has no key. */
export async function takeIn(context: Context, { id, hints, entries }: Arrived): Promise<Replica | undefined> {
  const since = context.clock.now()
  const record = { state: 'joining', seed: undefined, hints, refusal: undefined, since } as const
  const replica = new Replica(context, id, record)
  await replica.load()
  await replica.setRecord(() => ({ ...record }))
  await replica.ingestControls(entries)
  if (replica.record.state !== 'member') {
    await replica.close()
    await eraseConversation(context.store, replica)
    return undefined
  }
  await replica.setRecord((now) => ({ ...now, peer: peerOf(replica, context) }))
  return replica
}

/** The other person of a direct conversation; this user for that of the own devices; undefined for a group. */
function peerOf({ controls, isDirect }: Replica, { me }: Context): ReturnType<Replica['userOf']> {
  if (!isDirect) return undefined
  return [...controls.membership.members.keys()].find((user) => user !== me.userId) ?? me.userId
}
