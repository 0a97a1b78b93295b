/**
 * Finding peers by topics: whoever looks for a topic and can be dialled says so at the meeting places, which are rendezvous servers and the local
 * network, now and then and when asked; who comes asks. What is heard is void after a while, so that nobody dials addresses of yesterday.
 */
import type { Topic, TransportHost } from '@parley/core'
import { equalBytes, Reject } from '@parley/protocol'
import { Room, SENDER_BYTES } from './announcement.ts'
import type { MeetingPlace, MeetingPlaceInit } from './meeting-place.ts'
import { Rendezvous } from './rendezvous.ts'

/** How often who can be dialled says so. The servers pass it on to everybody on the topic. */
export const ANNOUNCE_EVERY_MS = 60_000
/** Answers to several who ask are one. */
const ANSWER_AFTER_MS = 100
/** Not more often on one topic, however many ask. */
const ANSWER_EVERY_MS = 2_000

interface OpenRoom {
  readonly room: Room
  announcedAt: number
  cancelAnswer: (() => void) | undefined
}

export class Discovery {
  readonly #host: TransportHost
  readonly #servers: readonly Rendezvous[]
  readonly #places: readonly MeetingPlace[]
  readonly #addresses: () => readonly string[]
  readonly #onFound: (room: string, addresses: readonly string[]) => void
  readonly #sender: Uint8Array
  readonly #rooms = new Map<string, OpenRoom>()
  #cancelAnnounce = (): void => undefined
  #isStopped = false

  /** `addresses`: where this peer can be dialled now. `onFound` hears where another one can be, who looks for the same topic. */
  constructor(options: {
    host: TransportHost
    rendezvous: readonly string[]
    /** Makes the place that the local network is, where there is one. */
    localNetwork: ((init: MeetingPlaceInit) => MeetingPlace) | undefined
    addresses: () => readonly string[]
    onFound: (room: string, addresses: readonly string[]) => void
  }) {
    this.#host = options.host
    this.#addresses = options.addresses
    this.#onFound = options.onFound
    this.#sender = options.host.random.bytes(SENDER_BYTES)
    this.#servers = options.rendezvous.map((url) => this.#make((init) => new Rendezvous(url, init)))
    this.#places = [...this.#servers, ...(options.localNetwork === undefined ? [] : [this.#make(options.localNetwork)])]
  }

  start(): void {
    for (const place of this.#places) place.start()
    this.#schedule()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelAnnounce()
    for (const open of this.#rooms.values()) open.cancelAnswer?.()
    for (const place of this.#places) place.stop()
  }

  wake(): void {
    for (const place of this.#places) place.wake()
    this.announce()
  }

  rendezvous(): { url: string; connected: boolean }[] {
    return this.#servers.map(({ url, isConnected }) => ({ url, connected: isConnected }))
  }

  /** Returns the names of the rooms in which peers are looked for now. */
  setTopics(topics: readonly Topic[]): ReadonlySet<string> {
    // Nowhere to say anything: then rooms need not be worked out.
    const rooms = this.#places.length === 0 ? [] : topics.map((topic) => this.#roomOf(topic))
    const names = new Set(rooms.map(({ name }) => name))
    const gone = [...this.#rooms.keys()].filter((name) => !names.has(name))
    for (const name of gone) {
      this.#rooms.get(name)?.cancelAnswer?.()
      this.#rooms.delete(name)
    }
    const fresh = rooms.filter(({ name }) => !this.#rooms.has(name))
    for (const room of fresh) this.#rooms.set(room.name, { room, announcedAt: Number.NEGATIVE_INFINITY, cancelAnswer: undefined })
    for (const place of this.#places) {
      place.unsubscribe(gone)
      place.subscribe(fresh.map(({ name }) => name))
    }
    for (const room of fresh) this.#say(room, true, this.#places)
    return names
  }

  #make<Place extends MeetingPlace>(make: (init: MeetingPlaceInit) => Place): Place {
    const place: Place = make({
      host: this.#host,
      onOpen: () => this.#greet(place),
      onPublished: (room, data) => this.#hear(room, data),
    })
    return place
  }

  /** Its keys are derived once: topics are told anew with every change of a conversation. */
  #roomOf(topic: Topic): Room {
    const known = [...this.#rooms.values()].find(({ room }) => room.topic.name === topic.name && room.topic.secret === topic.secret)
    return known?.room ?? new Room(topic)
  }

  /** Says in every room where this peer is, and asks who else is there. */
  announce(): void {
    for (const { room } of this.#rooms.values()) this.#say(room, true, this.#places)
    this.#schedule()
  }

  /** A place is connected, and knows nothing of us. */
  #greet(place: MeetingPlace): void {
    place.subscribe([...this.#rooms.keys()])
    for (const { room } of this.#rooms.values()) this.#say(room, true, [place])
  }

  #schedule(): void {
    // Places at relays are lost while the node stops, which changes the addresses once more.
    if (this.#isStopped) return
    this.#cancelAnnounce()
    this.#cancelAnnounce = this.#host.clock.setTimeout(() => {
      for (const { room } of this.#rooms.values()) this.#say(room, false, this.#places)
      this.#schedule()
    }, ANNOUNCE_EVERY_MS)
  }

  #say(room: Room, asks: boolean, places: readonly MeetingPlace[]): void {
    const addresses = this.#addresses()
    const connected = places.filter(({ isConnected }) => isConnected)
    if ((addresses.length === 0 && !asks) || connected.length === 0) return
    const open = this.#rooms.get(room.name)
    if (open !== undefined) open.announcedAt = this.#host.clock.now()
    const data = room.seal({ sender: this.#sender, asks, issuedMs: this.#host.clock.now(), addresses }, this.#host.random)
    for (const place of connected) place.publish(room.name, data)
  }

  #hear(topic: string, data: string): void {
    const open = this.#rooms.get(topic)
    if (open === undefined) return
    try {
      const { sender, asks, addresses } = open.room.open(data, this.#host.clock.now())
      if (equalBytes(sender, this.#sender)) return
      if (asks) this.#answer(open)
      if (addresses.length > 0) this.#onFound(topic, addresses)
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      this.#host.logger.debug('libp2p.badAnnouncement', { code: error.code })
    }
  }

  #answer(open: OpenRoom): void {
    const { clock } = this.#host
    const wait = Math.max(ANSWER_AFTER_MS, open.announcedAt + ANSWER_EVERY_MS - clock.now())
    open.cancelAnswer ??= clock.setTimeout(() => {
      open.cancelAnswer = undefined
      this.#say(open.room, false, this.#places)
    }, wait)
  }
}
