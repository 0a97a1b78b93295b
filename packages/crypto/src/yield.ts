/**
 * Letting the event loop turn between slices of a long computation.
 */

interface HostScheduling {
  setImmediate?: (callback: () => void) => unknown
}

/**
 * Resolves in a later task, so that input, timers and I/O get their turn. In browsers by a message to ourselves: `setTimeout` is stretched to
 * 4 ms there, and what goes on after `scheduler.yield` comes before everybody else's tasks (measured in Chromium: not after one of 111 slices did a
 * message that had been posted before get its turn).
 */
export function yieldToEventLoop(): Promise<void> {
  const { setImmediate } = globalThis as HostScheduling
  return new Promise((resolve) => {
    if (setImmediate !== undefined) setImmediate(resolve)
    else post(resolve)
  })
}

let channel: MessageChannel | undefined
const waiting: (() => void)[] = []

function post(resolve: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => waiting.shift()?.()
  }
  waiting.push(resolve)
  channel.port2.postMessage(undefined)
}
