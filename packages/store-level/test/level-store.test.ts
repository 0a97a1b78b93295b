import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStore } from '@parley/store-level'
import { storeAcceptance } from '@parley/testing'

storeAcceptance('level', {
  newLocation: () => mkdtemp(join(tmpdir(), 'parley-store-level-')),
  open: (path) => openLevelStore({ path }),
  destroy: (path) => rm(path, { recursive: true }),
})
