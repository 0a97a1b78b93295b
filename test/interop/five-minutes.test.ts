/** The guide is a program, and this is what it prints. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const program = new URL('five-minutes.ts', import.meta.url)
const guide = await readFile(new URL('../../docs/guides/five-minutes.md', import.meta.url), 'utf8')
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code!)

test('the code of the guide, put together, is the program that is compiled and run here', async () => {
  expect(blocks('ts').join('\n')).toBe(await readFile(program, 'utf8'))
})

test('it prints what the guide says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-guide-'))
  try {
    const argv = ['--conditions=@parley/source', program.pathname]
    const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(out).toBe(blocks('text').join(''))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
