/**
 * The life of the service worker as a page sees it.
 */
import { Cell } from '@parley/react'
import { Workbox } from 'workbox-window'

/** How often a page that stays open asks for a new version. */
const CHECK_MS = 60 * 60_000

/** Takes the new version and loads the page again; `undefined` while there is none. */
export const update = new Cell<(() => void) | undefined>(undefined)

/** From now on the page starts without a network, and `update` tells of new versions. Does nothing while developing, where files change all the time. */
export async function startOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const worker = new Workbox('/service-worker.js', { updateViaCache: 'none' })
  worker.addEventListener('waiting', () => {
    update.set(() => {
      worker.addEventListener('controlling', () => location.reload())
      worker.messageSkipWaiting()
    })
  })
  try {
    await worker.register()
    setInterval(() => void worker.update().catch(offline), CHECK_MS)
  } catch (error) {
    offline(error)
  }
}

/** Private windows forbid service workers, and without a network there is nothing new. */
function offline(error: unknown): void {
  console.info('the page is not kept for times without a network, or not looked for anew', error)
}
