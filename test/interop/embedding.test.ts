/** The example of the README is this file, and it runs. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const example = new URL('embedding.ts', import.meta.url)

test('the embedding example of the README is the one that is compiled and run here', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  expect(readme).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\``)
})

test.each([
  ['our sources', ['--conditions=@parley/source']],
  ['what npm would get', []],
])('two people of the embedding example talk, with %s', async (_what, conditions) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-embedding-'))
  try {
    const child = spawn(process.execPath, [...conditions, example.pathname], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(0)
    expect(out).toBe('Saturday at noon? Gladly!\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
