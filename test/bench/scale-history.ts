/** A long history by many authors in a profile on disk. */
import { nodeProvider } from '@parley/crypto/node'
import { openLevelStore } from '@parley/store-level'
import { writeHistory } from './scale-authors.ts'

/** Makes a profile in `folder` whose owner founded a group in which others have said `total` messages. */
export function makeHistory(folder: string, total: number): Promise<void> {
  return writeHistory({ crypto: nodeProvider(), openStore: () => openLevelStore({ path: `${folder}/store` }) }, total)
}
