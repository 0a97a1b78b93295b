/**
 * Builds the demo as `npm start` does. Playwright runs this once before all tests.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds `apps/web` into its `dist/`. Rejects with Vite's error when the sources do not build. */
export async function buildWeb(): Promise<void> {
  await build({ configFile: fileURLToPath(new URL('../../apps/web/vite.config.ts', import.meta.url)), logLevel: 'warn' })
}

// oxlint-disable-next-line import/no-default-export -- Playwright's globalSetup is one by contract.
export default buildWeb
