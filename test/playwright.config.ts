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

export default defineConfig({
  testDir: '.',
  testMatch: '{e2e,contract}/**/*.spec.ts',
  outputDir: '../test-results',
  globalSetup: './support/build-web.ts',
  forbidOnly: process.env['CI'] !== undefined,
  fullyParallel: false,
  // Each test runs two or more Chromium contexts; two tests at once on two cores only make each other slow.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: { args: [...CHROMIUM_ARGS], ...(executablePath === undefined ? {} : { executablePath }) },
    actionTimeout: 10_000,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
})
