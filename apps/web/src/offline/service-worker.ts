/**
 * Keeps the files of the page, so that it starts without a network. Nothing of what people write passes here: messages go through the engine's own store.
 * Built by `build/service-worker.ts`.
 */
import { cleanupOutdatedCaches, precacheAndRoute } from 'workbox-precaching'

/** What is used of the scope of a service worker: its library of types cannot stand beside that of pages. */
interface WorkerScope {
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
  addEventListener(type: 'activate', listener: (event: Event & { waitUntil(work: Promise<unknown>): void }) => void): void
}

declare const self: WorkerScope
/** Every file of this build, put here by it. */
declare const PRECACHED: { url: string; revision: string }[]

// The page of another person in this browser is the same page.
precacheAndRoute(PRECACHED, { ignoreURLParametersMatching: [/^profile$/], cleanURLs: false })
cleanupOutdatedCaches()

// A new build waits until the person says so, for all tabs change to it at once.
self.addEventListener('message', ({ data }) => {
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') void self.skipWaiting()
})
// The first one serves the tabs that are open already.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
