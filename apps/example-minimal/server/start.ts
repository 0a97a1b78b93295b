/** What `npm run example` and `npm run example:react` run: a rendezvous and the page of an example, until Ctrl-C. */
import { createRelay } from '@parley/relay'
import { fileURLToPath } from 'node:url'
import { createServer, defaultClientConditions } from 'vite'

/** Where the page looks for others unless its address says otherwise. */
const RENDEZVOUS_PORT = 4444

/** The folder of the example, beside this one's. */
const example = process.argv[2] ?? 'example-minimal'

const rendezvous = await createRelay({ port: RENDEZVOUS_PORT, host: '127.0.0.1' })
const page = await createServer({
  configFile: false,
  root: fileURLToPath(new URL(`../../${example}/`, import.meta.url)),
  resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
  server: { host: '127.0.0.1' },
})
await page.listen()
process.stdout.write(`Rendezvous: ${rendezvous.url}\nCtrl-C ends both. Open this in two browsers:\n\n  ${page.resolvedUrls?.local[0]}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void Promise.allSettled([page.close(), rendezvous.close()]).then(() => process.exit(0)))
}
