/** Every language says everything, of the same values, and nothing that nobody asks for. */
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { de } from '../src/i18n/de.ts'

const SOURCES = new URL('../src/', import.meta.url)

const placesIn = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted()

test('German says all that English says', () => {
  const wrong = Object.entries(de).filter(
    ([english, german]) => german.trim() === '' || placesIn(german).join() !== placesIn(english).join(),
  )
  expect(wrong).toEqual([])
})

test('every text is asked for somewhere', async () => {
  const paths = await readdir(SOURCES, { recursive: true })
  const own = paths.filter((path) => /\.tsx?$/.test(path) && !path.startsWith('i18n'))
  const sources = await Promise.all(own.map((path) => readFile(new URL(path, SOURCES), 'utf8')))
  const code = sources.join('\n')
  expect(Object.keys(de).filter((text) => !code.includes(`'${text}'`) && !code.includes(`"${text}"`))).toEqual([])
})
