import type { WebrtcConn } from 'y-webrtc'

/**
 * What y-webrtc takes for the connections of its room. It finds one to whomever it hears, so it makes none by itself; whatever is said to it comes to
 * us, and we decide whether there is to be a connection, for which we know those of all other rooms. Nothing is ever kept in here.
 */
export class Doorman extends Map<string, WebrtcConn> {
  readonly #onSignal: (name: string, data: unknown) => void

  constructor(onSignal: (name: string, data: unknown) => void) {
    super()
    this.#onSignal = onSignal
  }

  override get(name: string): WebrtcConn {
    // y-webrtc asks for `glareToken`, of which there is none for us, and for this.
    const conn: Pick<WebrtcConn, 'remotePeerId' | 'destroy'> & { peer: { signal(data: unknown): void } } = {
      remotePeerId: name,
      peer: { signal: (data) => this.#onSignal(name, data) },
      destroy: () => undefined,
    }
    return conn as WebrtcConn
  }

  override set(): this {
    return this
  }
}
