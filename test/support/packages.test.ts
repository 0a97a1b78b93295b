/** What npm would get of each package can be installed and imported: entry points are there, types too, and `exports` says so rightly. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, test } from 'vitest'

interface Manifest {
  readonly name: string
  readonly private?: boolean
}

const FOLDER = fileURLToPath(new URL('../../packages/', import.meta.url))
const packages = await Promise.all(
  (await readdir(FOLDER)).map(async (folder) => ({
    folder: FOLDER + folder,
    manifest: JSON.parse(await readFile(`${FOLDER}${folder}/package.json`, 'utf8')) as Manifest,
  })),
)
const published = packages.filter(({ manifest }) => manifest.private !== true)

test.each(published)('$manifest.name can be published as it is', async ({ folder, manifest }) => {
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true })
  expect(messages.map((message) => formatMessage(message, manifest as never, { color: false }))).toEqual([])
})

test('what applications install is among them', () => {
  expect(published.map(({ manifest }) => manifest.name)).toContain('@parley/chat')
})
