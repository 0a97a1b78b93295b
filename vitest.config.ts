/**
 * Three projects: `node` for everything that runs on a desktop, `simulation` for what takes minutes of plain computing there, `browser` for what
 * only a real Chromium can show (IndexedDB, WebRTC, locks).
 * One file: `npx vitest run packages/core/test/log.test.ts`; one project: `npx vitest run --project browser`.
 */
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { CHROMIUM_ARGS, findChromium } from './test/support/chromium.ts'

/** The export condition under which our packages are their TypeScript sources, so that nothing has to be built before a test. */
const SOURCE = '@parley/source'

/** Minutes of plain computing outside of `test/simulation`. */
const COMPUTED = ['packages/core/test/membership-{random,exhaustive}.test.ts']

const executablePath = findChromium()

export default defineConfig({
  test: {
    // A project may be empty while its part is being written; `npm test` itself refuses a run without any test.
    passWithNoTests: true,
    projects: [
      {
        resolve: { conditions: [SOURCE, ...defaultServerConditions] },
        ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
        test: {
          name: 'node',
          environment: 'node',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.{ts,tsx}',
            'test/{interop,adversarial,contract,support}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.browser.test.{ts,tsx}', ...COMPUTED],
          // Tests that start processes, open LevelDB or dial TCP share two cores with everything else on a CI machine.
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { conditions: [SOURCE, ...defaultServerConditions] },
        ssr: { resolve: { conditions: [SOURCE, ...defaultServerConditions] } },
        // They run on what other stages leave of two cores.
        test: { name: 'simulation', environment: 'node', include: ['test/simulation/**/*.test.ts', ...COMPUTED], testTimeout: 60_000 },
      },
      {
        resolve: { conditions: [SOURCE, ...defaultClientConditions] },
        // Found only deep inside; discovering it late would make Vite reload the page in the middle of a test.
        optimizeDeps: { include: ['y-indexeddb'] },
        test: {
          name: 'browser',
          include: ['packages/*/test/**/*.browser.test.{ts,tsx}', 'apps/*/test/**/*.browser.test.{ts,tsx}', 'test/**/*.browser.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['./test/support/browser-setup.ts', './packages/transport-webrtc/test/rendezvous-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // WebRTC and IndexedDB tests contend for the same two cores: one file at a time is faster, and tells the truth about time-outs.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: [...CHROMIUM_ARGS], ...(executablePath === undefined ? {} : { executablePath }) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
