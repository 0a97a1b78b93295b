/**
 * Letting the event loop turn between slices of a long computation.
 */

interface HostScheduling {
  scheduler?: { yield?: () => Promise<void> }
  setImmediate?: (callback: () => void) => unknown
}

/**
 * Resolves in a later task, so that input, timers and I/O get their turn. Takes the fastest way that the host has: `setTimeout` comes
 * last, because browsers stretch nested ones to 4 ms.
 */
export function yieldToEventLoop(): Promise<void> {
  const host = globalThis as HostScheduling
  if (host.scheduler?.yield !== undefined) return host.scheduler.yield()
  return new Promise((resolve) => {
    if (host.setImmediate !== undefined) host.setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}
