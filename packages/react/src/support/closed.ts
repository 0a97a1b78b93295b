import { isParleyError } from '@parley/chat'

/** After the engine has closed nobody waits for an answer; any other failure goes to `window.onerror`, for no call waits for it. */
export function reportUnlessClosed(error: unknown): void {
  if (!isParleyError(error, 'Closed')) reportError(error)
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
