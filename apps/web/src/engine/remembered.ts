/**
 * Small settings of this browser. Without storage they last as long as the page does.
 */
const PREFIX = 'parley.'
const fallback = new Map<string, string>()

function storage(): Storage | undefined {
  try {
    return window.localStorage
  } catch (error) {
    // Browsers throw on the mere access when the person forbids storage.
    console.info('settings are not kept: storage is blocked', error)
    return undefined
  }
}

export function recall(key: string): string | undefined {
  return fallback.get(key) ?? storage()?.getItem(PREFIX + key) ?? undefined
}

export function remember(key: string, value: string): void {
  try {
    storage()?.setItem(PREFIX + key, value)
    fallback.delete(key)
  } catch (error) {
    console.info('settings are not kept: storage is full', error)
    fallback.set(key, value)
  }
}

export function forget(key: string): void {
  fallback.delete(key)
  storage()?.removeItem(PREFIX + key)
}
