/**
 * End-to-end tests: the built demo in a real Chromium. `npx playwright test -c test`, with `-g TITLE` for some of them.
 * No webServer here: tests start the servers that they need, for stopping them is part of what is tested (`support/servers.ts`).
 */
import { defineConfig } from '@playwright/test'
import { registerHooks } from 'node:module'
import { CHROMIUM_ARGS, findChromium } from './support/chromium.ts'

// Tests start our servers from their TypeScript sources: every process that loads this file resolves our packages to them.
registerHooks({
  resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, '@parley/source'] }),
})

const executablePath = findChromium()

/** Tests that load both cores by themselves, or compare times. */
const MEASURED = [
  'e2e/attachments.spec.ts',
  'e2e/desktop.spec.ts',
  'e2e/tabs.spec.ts',
  'e2e/burst.spec.ts',
  'e2e/main-thread.spec.ts',
  'contract/**/*.spec.ts',
]

export default defineConfig({
  testDir: '.',
  testMatch: '{e2e,contract}/**/*.spec.ts',
  outputDir: '../test-results',
  globalSetup: './support/build-web.ts',
  forbidOnly: process.env['CI'] !== undefined,
  fullyParallel: false,
  // Tests of the demo mostly wait: for a peer to be found, for somebody to count as gone. Two at a time keep two cores busy.
  workers: 2,
  projects: [
    { name: 'app', testIgnore: MEASURED },
    // Afterwards, and one at a time.
    { name: 'measured', testMatch: MEASURED, dependencies: ['app'], workers: 1 },
  ],
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: { args: [...CHROMIUM_ARGS], ...(executablePath === undefined ? {} : { executablePath }) },
    actionTimeout: 10_000,
    screenshot: 'only-on-failure',
    // Recording costs a fifth of the time; nobody looks at a trace of CI.
    trace: process.env['CI'] === undefined ? 'retain-on-failure' : 'off',
  },
})
