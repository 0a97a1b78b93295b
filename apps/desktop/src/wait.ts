/**
 * Waiting with an end.
 */

/** Resolves with true as soon as `check` answers true, or with false after `ms` or when `signal` aborts. `watch` calls back when it is worth asking again. */
export async function waitUntil(
  check: () => boolean | Promise<boolean>,
  init: { ms: number; signal: AbortSignal; watch: (again: () => void) => () => void },
): Promise<boolean> {
  const { ms, signal, watch } = init
  if (await check()) return true
  if (ms <= 0 || signal.aborted) return false
  return new Promise<boolean>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      stop()
      signal.removeEventListener('abort', giveUp)
    }
    const giveUp = (): void => {
      end()
      resolve(false)
    }
    const again = async (): Promise<void> => {
      try {
        if (!(await check())) return
        end()
        resolve(true)
      } catch (error) {
        end()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const timer = setTimeout(giveUp, ms)
    const stop = watch(() => void again())
    signal.addEventListener('abort', giveUp)
    // What happened between the first check and the watch would otherwise be waited for in vain.
    void again()
  })
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A signal that aborts with `parent` or after `ms`, whichever is first. The timer keeps the process alive, so that nobody exits while waiting. */
export function deadline(parent: AbortSignal, ms: number): { signal: AbortSignal; isOver: () => boolean; clear: () => void } {
  const controller = new AbortController()
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    controller.abort()
  }, ms)
  return { signal: AbortSignal.any([parent, controller.signal]), isOver: () => isOver, clear: () => clearTimeout(timer) }
}
