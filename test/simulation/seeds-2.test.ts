/** A quarter of the seeds of `seeds.ts`, so that they run on every core. */
import { vi } from 'vitest'
import { describePart } from './seeds.ts'

vi.mock('@parley/crypto', async (importOriginal) =>
  (await import('./fast-crypto.ts')).withFastCrypto(await importOriginal<typeof import('@parley/crypto')>()),
)

describePart(2)
