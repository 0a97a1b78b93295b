/**
 * The wire schema in one number. It covers every vector file (an encoding of each structure, and what is refused) and every limit, so a
 * change of the format cannot slip in with a change of the code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { PROTOCOL_VERSION, toBase32, utf8 } from '../src/index.ts'
import * as limits from '../src/limits.ts'
import * as link from '../src/link-messages.ts'

const VECTORS = new URL('../../../test/vectors/', import.meta.url)

/** Limits by name: the constants of `limits.ts` and those of the link. */
function limitsByName(): [name: string, value: number][] {
  const all = [...Object.entries(limits), ...Object.entries(link)].filter((row): row is [string, number] => typeof row[1] === 'number')
  return all.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** JSON without the freedom of its writer: what the values say, not how the file is laid out. */
function vectorFiles(): [name: string, vectors: unknown][] {
  const names = readdirSync(VECTORS).filter((name) => name.endsWith('.json') && !name.startsWith('golden-'))
  return names.sort().map((name) => [name, (JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as { vectors: unknown }).vectors])
}

const WHAT_TO_DO = `The wire schema has changed: what is read, written or refused is no longer what PROTOCOL_VERSION ${PROTOCOL_VERSION} says.
- Not meant? Then a vector or a limit was changed by mistake: \`git diff test/vectors packages/protocol/src\` shows which.
- Meant, and older peers still read what newer ones write and the other way round (a new vector of the old format, a limit of what is sent)?
  Put the new hash into WIRE_SCHEMA beside PROTOCOL_VERSION in packages/protocol/src/link-messages.ts.
- Meant, and they do not? Raise PROTOCOL_VERSION as well, keep the old golden store, add a new one, and say it in docs/PROTOCOL.md.`

test('the wire schema is the one that belongs to the protocol version', () => {
  expect(limitsByName().length).toBeGreaterThan(50)
  expect(vectorFiles().length).toBeGreaterThan(15)
  const schema = toBase32(sha256(utf8(JSON.stringify([PROTOCOL_VERSION, limitsByName(), vectorFiles()]))))
  expect(schema === link.WIRE_SCHEMA ? schema : `${schema}\n${WHAT_TO_DO}`).toBe(link.WIRE_SCHEMA)
})
