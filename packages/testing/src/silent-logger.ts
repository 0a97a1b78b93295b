import type { Logger } from '@parley/core'

/** A logger that says nothing. */
export function silentLogger(): Logger {
  return { debug: () => undefined, warn: () => undefined, error: () => undefined }
}
