import { KeepConnected, type Clock, type Logger, type Random } from '@parley/core'
import type { SignalingConn } from 'y-webrtc'

/** From the first packet to the open WebSocket. */
const CONNECT_TIMEOUT_MS = 10_000

/** A rendezvous that says nothing for so long after a wake is not there any more, whatever the WebSocket thinks: the network has changed. */
const PROBE_MS = 3_000

/** The longest wait between attempts. While it is not there nobody new is met, so we look more often than for a peer. */
const LONGEST_WAIT_MS = 10_000

export interface SignalingKeeperInit {
  signaling: SignalingConn
  clock: Clock
  random: Random
  logger: Logger
  /** The connection has come or gone. */
  onChange(): void
}

/**
 * Keeps y-webrtc connected with one rendezvous. y-webrtc would try again by itself, but every page at the same moments, and it finds a dead connection
 * after half a minute.
 */
export class SignalingKeeper {
  readonly #init: SignalingKeeperInit
  readonly #keeper: KeepConnected
  #openedAt = 0
  #lastHeard = 0
  #cancelProbe = (): void => undefined

  constructor(init: SignalingKeeperInit) {
    const { signaling, clock, random } = init
    this.#init = init
    this.#keeper = new KeepConnected({
      clock,
      random,
      longestWaitMs: LONGEST_WAIT_MS,
      isConnected: () => signaling.connected,
      dial: () => this.#dial(),
    })
    signaling.on('message', this.#hear)
    // Another transport of this page may have connected it.
    if (signaling.connected && signaling.ws !== null) this.#watch(signaling.ws)
    signaling.shouldConnect = false
    this.#keeper.start()
  }

  /** The network may be back or another one: tries at once, and does not trust the connection that is there. */
  wake(): void {
    const { signaling, clock } = this.#init
    if (!signaling.connected) return this.#keeper.wake()
    const socket = signaling.ws
    const askedAt = clock.now()
    this.#cancelProbe()
    signaling.send({ type: 'ping' })
    this.#cancelProbe = clock.setTimeout(() => {
      if (this.#lastHeard < askedAt && signaling.ws === socket && socket !== null) this.#drop(socket)
    }, PROBE_MS)
  }

  /** Leaves the connection to y-webrtc. */
  stop(): void {
    this.#keeper.stop()
    this.#cancelProbe()
    this.#init.signaling.off('message', this.#hear)
  }

  readonly #hear = (): void => {
    this.#lastHeard = this.#init.clock.now()
  }

  #dial(): Promise<void> {
    const { signaling, clock } = this.#init
    signaling.connect()
    // From now on it does not try by itself.
    signaling.shouldConnect = false
    const socket = signaling.ws
    return new Promise((resolve, reject) => {
      if (socket === null) return reject(new Error('no WebSocket'))
      const cancel = clock.setTimeout(() => this.#drop(socket), CONNECT_TIMEOUT_MS)
      socket.addEventListener('open', () => {
        cancel()
        this.#openedAt = clock.now()
        this.#init.onChange()
        resolve()
      })
      socket.addEventListener('close', () => {
        cancel()
        reject(new Error('the rendezvous closed the connection'))
      })
      this.#watch(socket)
    })
  }

  #watch(socket: WebSocket): void {
    const { clock, onChange } = this.#init
    const ended = (): void => {
      this.#keeper.lost(clock.now() - this.#openedAt)
      onChange()
    }
    socket.addEventListener('close', ended, { once: true })
  }

  /** Gives a WebSocket up without waiting for the other end, which may be dead. */
  #drop(socket: WebSocket): void {
    this.#init.logger.debug('webrtc.rendezvous-dropped')
    const gone = new CloseEvent('close')
    socket.onmessage = null
    socket.onerror = null
    // Told now, and not once more when the browser has given up: by then y-webrtc may have another one.
    const tell = socket.onclose
    socket.onclose = null
    tell?.call(socket, gone)
    socket.dispatchEvent(gone)
    socket.close()
  }
}
