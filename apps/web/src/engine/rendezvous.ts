/**
 * Where peers meet: told by whoever serves the page, remembered for the times when nobody does.
 */
import { forget, recall, remember } from './remembered.ts'

const KEY = 'rendezvous'
/** The page must not hang on a server that is gone: after this it starts with what it remembers. */
const CONFIG_TIMEOUT_MS = 3_000

function urlsIn(config: unknown): string[] | undefined {
  if (typeof config !== 'object' || config === null || !('rendezvous' in config) || !Array.isArray(config.rendezvous)) return undefined
  return config.rendezvous.filter((url): url is string => typeof url === 'string')
}

/** The WebSocket URLs of the rendezvous. Never fails: an unreachable server means the last known ones. */
export async function loadRendezvous(): Promise<string[]> {
  const remembered = (recall(KEY) ?? '').split(' ').filter((url) => url !== '')
  try {
    const response = await fetch(new URL('config.json', document.baseURI), {
      cache: 'no-store',
      signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS),
    })
    const urls = response.ok ? urlsIn(await response.json()) : undefined
    if (urls === undefined) return remembered
    if (urls.length > 0) remember(KEY, urls.join(' '))
    else forget(KEY)
    return urls
  } catch (error) {
    console.info('config.json was not reachable; using the last known rendezvous', error)
    return remembered
  }
}
