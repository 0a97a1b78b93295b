/**
 * The network of a device that is nobody yet: it looks for others that hold what it holds, and talks to them on device lines. It has no
 * conversations, and answers nothing else.
 */
import type { CryptoProvider, MeetingKeys } from '@parley/crypto'
import { isParleyError, Reject, TAG_BYTES, toBase32, toBase64Url, type LinkMessage } from '@parley/protocol'
import { errorFacts } from '../support/error-facts.ts'
import type { Channel, Clock, Logger, Random, Transport } from '../transport.ts'
import type { DeviceDoor } from './device-line.ts'
import { DeviceLines } from './device-lines.ts'
import { Handshake, type DeviceProof } from './handshake.ts'
import { Link } from './link.ts'
import { sessionHandle } from './sync.ts'

/** Addresses that did not answer are dialled again after so long. */
const REDIAL_MS = 2_000
/** Tags are sent in fours, as every peer does. */
const NOISE_TAGS = 3

export interface MeetingInit {
  readonly transports: readonly Transport[]
  readonly crypto: CryptoProvider
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly kind: 'linking' | 'recovering'
  readonly keys: MeetingKeys
  /** Addresses where the others may be. */
  readonly hints: readonly string[]
  readonly door: Omit<DeviceDoor, 'proofs'>
  /** Somebody was reached who does not hold the same. */
  onStranger(): void
}

export class Meeting {
  readonly #init: MeetingInit
  readonly #proof: DeviceProof
  readonly #links = new Set<Link>()
  #cancelRedial = (): void => undefined
  #isRunning = false
  #isMet = false

  constructor(init: MeetingInit) {
    this.#init = init
    this.#proof = { kind: init.kind, key: init.keys.proof }
  }

  async start(): Promise<void> {
    const { transports, keys, clock, random, logger } = this.#init
    this.#isRunning = true
    for (const transport of transports) transport.setTopics([{ name: toBase64Url(keys.topic), secret: toBase64Url(keys.topicSecret) }])
    await Promise.all(transports.map((t) => t.start({ onChannel: (channel) => this.#onChannel(channel), clock, random, logger })))
    this.#dial()
  }

  /** Ends every link and stops the transports, which can be started again. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#cancelRedial()
    for (const link of [...this.#links]) link.close('this device is done')
    await Promise.all(this.#init.transports.map((t) => t.stop()))
  }

  /** Whether there are transports at all, and of meeting points any that answers. */
  get isReachable(): boolean {
    const { transports } = this.#init
    const points = transports.flatMap((t) => t.rendezvous?.() ?? [])
    return transports.length > 0 && (points.length === 0 || points.some((p) => p.connected))
  }

  #dial(): void {
    const { transports, hints, clock, logger } = this.#init
    if (!this.#isRunning) return
    // Others may be met on the way; only whoever knows it ends the search.
    if (!this.#isMet)
      for (const hint of hints)
        for (const transport of transports)
          transport.dial?.(hint).catch((error: unknown) => {
            if (!isParleyError(error)) throw error
            logger.debug('unreachable', errorFacts(error))
          })
    this.#cancelRedial = clock.setTimeout(() => this.#dial(), REDIAL_MS)
  }

  #onChannel(channel: Channel): void {
    const { crypto, random, logger, door, onStranger } = this.#init
    const handshake = new Handshake({ crypto, random }, channel.binding)
    const onReject = (reject: Reject): void => {
      logger.warn('rejected', { code: reject.code, why: reject.message, transport: channel.transport })
      link.close('not understood')
    }
    const link: Link = new Link(channel, {
      handle: async (message) => this.#handle({ message, link, handshake, lines, onStranger }),
      onReject,
      onFault: (error) => {
        logger.error('failure', { where: 'meeting', ...errorFacts(error) })
        link.close('internal failure')
      },
      onClose: () => {
        this.#links.delete(link)
        lines.close()
      },
    })
    const lines = new DeviceLines({
      door: { ...door, proofs: () => [] },
      handshake,
      link,
      handleOf: (conversation) => sessionHandle((bytes) => crypto.sha256(bytes), handshake.transcript ?? new Uint8Array(0), conversation),
    })
    if (!channel.closed) this.#links.add(link)
    link.send('control', handshake.hello)
  }

  async #handle({ message, link, handshake, lines, onStranger }: Heard): Promise<void> {
    switch (message.type) {
      case 'hello': {
        handshake.meet(message)
        const noise = Array.from({ length: NOISE_TAGS }, () => this.#init.random.bytes(TAG_BYTES))
        const tags = [handshake.tag(this.#proof, 'mine'), ...noise].sort((a, b) => (toBase32(a) < toBase32(b) ? -1 : 1))
        link.send('control', { type: 'proofs', tags })
        return
      }
      case 'proofs': {
        const theirs = toBase32(handshake.tag(this.#proof, 'theirs'))
        const tag = message.tags.find((t) => toBase32(t) === theirs)
        if (tag === undefined) return onStranger()
        this.#isMet = true
        return lines.met(this.#proof, tag)
      }
      case 'join':
        return lines.hear(this.#proof, message.sealed)
      case 'controls':
        lines.onControls(message.handle, message.entries)
        return
      case 'ping':
        link.send('control', { type: 'pong', nonce: message.nonce })
        return
      case 'bye':
        link.close('the peer said goodbye')
        return
      default:
    }
  }
}

interface Heard {
  readonly message: LinkMessage
  readonly link: Link
  readonly handshake: Handshake
  readonly lines: DeviceLines
  readonly onStranger: () => void
}
