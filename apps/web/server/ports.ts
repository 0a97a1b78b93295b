/**
 * A busy port is no reason to fail: the next ones are tried.
 */

/** How many ports to try. Somebody with twenty servers in a row has another problem. */
const MAX_PORTS_TRIED = 20

/** What was started, and on which port in the end. */
export interface OnPort<T> {
  readonly server: T
  /** False when another port than the wanted one had to be taken. */
  readonly asWanted: boolean
}

/** Calls `start` with `wanted`, then with the ports after it while they are in use. Other failures, and the last one, are thrown. */
export async function onNextFreePort<T>(wanted: number, start: (port: number) => Promise<T>): Promise<OnPort<T>> {
  for (let port = wanted; ; port++) {
    try {
      return { server: await start(port), asWanted: port === wanted }
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isBusy || port - wanted + 1 >= MAX_PORTS_TRIED || port >= 65_535) throw error
    }
  }
}
