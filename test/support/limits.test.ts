/** `docs/LIMITS.md` says what the constants say. */
import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DAY_MS = 86_400_000

/** The value of a constant as a page shows it or as a source has it: numbers, with separators, multiplied, or in days. */
function valueOf(text: string): number {
  return text
    .replace('days', `* ${DAY_MS}`)
    .split('*')
    .map((factor) => Number(factor.replaceAll(/[,_\s]/g, '')))
    .reduce((product, factor) => product * factor, 1)
}

async function constants(): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>()
  for await (const path of glob('packages/*/src/**/*.ts', { cwd: ROOT })) {
    const source = await readFile(`${ROOT}/${path}`, 'utf8')
    for (const [, name, value] of source.matchAll(/^(?:export )?const ([A-Z][A-Z_]+) = ([\d_ *]+)$/gm))
      found.set(name!, [...(found.get(name!) ?? []), valueOf(value!)])
  }
  return found
}

test('every limit of the page is a constant with that value', async () => {
  const page = await readFile(`${ROOT}/docs/LIMITS.md`, 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| ([^|]+?) +\|/gm)].map(([, name, value]) => ({ name: name!, value: valueOf(value!) }))
  const found = await constants()
  expect(rows.length).toBeGreaterThan(30)
  expect(rows.filter(({ name, value }) => !(found.get(name) ?? []).includes(value))).toEqual([])
})
