/** What was overwritten or deleted lies in no file of the database once it was to be gone. */
import { openLevelStore } from '@parley/store-level'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const key = (name: string): Uint8Array => new TextEncoder().encode(name)
/** LevelDB compresses: only what has no pattern lies there as it was written. */
const noise = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

async function newFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parley-scrub-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

async function holds(path: string, value: Uint8Array): Promise<boolean> {
  const files = await Promise.all((await readdir(path)).map((name) => readFile(join(path, name))))
  return files.some((file) => file.includes(Buffer.from(value)))
}

// Both in LevelDB's log; the old one in a table already; both in one table.
for (const tables of [[], ['before'], ['after'], ['before', 'after']]) {
  test(`with ${tables.length === 0 ? 'no table' : `a table written ${tables.join(' and ')} the change`}`, async () => {
    const path = await newFolder()
    const [first, last, old, changed, lost] = Array.from({ length: 5 }, () => noise(64)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    let store = await openLevelStore({ path })
    const reopen = async (): Promise<void> => {
      await store.close()
      store = await openLevelStore({ path })
    }
    await store.write([
      { type: 'put', key: key('a'), value: first },
      { type: 'put', key: key('m'), value: old },
      { type: 'put', key: key('n'), value: lost },
      { type: 'put', key: key('z'), value: last },
    ])
    if (tables.includes('before')) await reopen()
    await store.write([
      { type: 'put', key: key('m'), value: changed },
      { type: 'delete', key: key('n') },
    ])
    if (tables.includes('after')) await reopen()
    expect(await holds(path, old)).toBe(true)
    expect(await holds(path, lost)).toBe(true)
    store.scrub!([key('m')])
    store.scrub!([key('n')])
    await store.close()
    expect(await holds(path, old)).toBe(false)
    expect(await holds(path, lost)).toBe(false)
    const again = await openLevelStore({ path })
    expect(await again.getMany(['a', 'm', 'n', 'z'].map(key))).toEqual([first, changed, undefined, last])
    await again.close()
  })
}

test('from tables of several levels', async () => {
  const path = await newFolder()
  const [old, changed] = [noise(64), noise(64)]
  const store = await openLevelStore({ path })
  await store.write([{ type: 'put', key: key('m'), value: old }])
  for (let i = 0; i < 24; i++) {
    // More than LevelDB holds in memory, all over the keys.
    await store.write([500_000, 1_000_000].map((length) => ({ type: 'put', key: noise(8), value: noise(length) })))
    if (i === 12) await store.write([{ type: 'put', key: key('m'), value: changed }])
  }
  expect(await holds(path, old)).toBe(true)
  store.scrub!([key('m')])
  await store.close()
  expect(await holds(path, old)).toBe(false)
  expect(await holds(path, changed)).toBe(true)
})
