/** The script that completes in bash does so in a bash; those of other shells know the same words. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { COMMANDS } from '../src/commands.ts'
import { setUpCli } from './cli.ts'

const cli = setUpCli()
const NAMES = COMMANDS.map(({ usage }) => usage.split(' ')[0] as string)

function completeInBash(script: string, ...words: string[]): string[] {
  const array = words.map((word) => `'${word}'`).join(' ')
  const lines = [script, `COMP_WORDS=(${array})`, `COMP_CWORD=${words.length - 1}`, '_parley', 'echo "${COMPREPLY[*]}"']
  return execFileSync('bash', ['-c', lines.join('\n')], { encoding: 'utf8' })
    .trim()
    .split(' ')
}

test('bash completes commands, the options of each, and leaves paths to itself', async () => {
  const script = await cli.text('completion', 'bash')
  expect(completeInBash(script, 'parley', 'se')).toEqual(['send', 'seen', 'search'])
  expect(completeInBash(script, 'parley', '--json', '--profile', 'send', 'ed')).toEqual(['edit'])
  expect(completeInBash(script, 'parley', 'send', 'hike', '--me')).toEqual(['--meta'])
  expect(completeInBash(script, 'parley', 'help', 'tai')).toEqual(['tail'])
  expect(completeInBash(script, 'parley', 'send', '--file', '-')).toEqual([''])
  expect(completeInBash(script, 'parley', 'messages', 'hi')).toEqual([''])
})

test.each(['bash', 'zsh', 'fish'])('%s hears of every command, and no profile is needed', async (shell) => {
  const { code, objects } = await cli.json('completion', shell)
  expect([code, objects]).toEqual([0, [{ shell, script: expect.any(String) as string }]])
  const script = String(objects[0]?.['script'])
  for (const name of NAMES) expect(script).toMatch(new RegExp(`\\b${name}\\b`))
  // Every quote is closed, whatever a command is described by.
  expect((script.replaceAll(String.raw`'\''`, '').match(/'/g)?.length ?? 0) % 2).toBe(0)
  expect(cli.engines.opened).toEqual([])
})

test('a shell that is none of these is refused', async () => {
  expect(await cli.refusal('completion', 'powershell')).toBe('InvalidArgument')
})
