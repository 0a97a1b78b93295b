/**
 * Runs once, on Node, before the tests of the `browser` project. What those tests need outside the page is started here and handed to them
 * with `project.provide(name, value)`; they read it with `inject('rendezvous')` from `vitest`.
 */
import { createRelay } from '@parley/relay'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of a rendezvous that runs while the tests do. */
    rendezvous: string
  }
}

/** Starts what browser tests share; the function that it returns ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = await createRelay({ port: 0, host: '127.0.0.1' })
  project.provide('rendezvous', relay.url)
  return () => relay.close()
}
