import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/commands.ts'
import { parseArgv, wantsJson } from '../src/program.ts'

function parse(line: string) {
  const parsed = parseArgv(line.split(' '))
  if ('help' in parsed) throw new Error(parsed.help)
  return parsed
}

const help = (line: string) => {
  const parsed = parseArgv(line === '' ? [] : line.split(' '))
  return 'help' in parsed ? parsed.help : ''
}

describe('a command line', () => {
  test('global flags are understood before and after the command', () => {
    for (const line of ['--profile /p --json --offline list', 'list --profile /p --json --offline']) {
      expect(parse(line)).toMatchObject({ profile: '/p', isJson: true, isOffline: true, args: [] })
    }
    expect(parse('list')).toMatchObject({ profile: undefined, isJson: false, isOffline: false })
  })

  test('repeatable flags take one value each and leave the arguments alone', () => {
    const { args, options } = parse('send --peer /a --peer /b hike hello --meta a=1 --meta b=x --wait 30s')
    expect(args).toEqual(['hike', 'hello'])
    expect(options).toEqual({ mdns: true, webrtc: true, peer: ['/a', '/b'], meta: { a: 1, b: 'x' }, wait: 30_000 })
  })

  test('a dash is a text, and after two dashes everything is', () => {
    expect(parse('send hike -').args).toEqual(['hike', '-'])
    expect(parseArgv(['send', 'hike', '--', '--json'])).toMatchObject({ args: ['hike', '--json'], isJson: false })
  })

  test.each([
    'send',
    'send hike hello world',
    'nonsense',
    'list --frobnicate',
    'join',
    'send hike x --wait soon',
    'invite hike --uses 0',
    'invite hike --role admin',
    'new Hike --history none',
    'role hike Bob',
    'save hike map.pdf',
    'send hike x --turn turn:r.example',
    'messages hike --peer /a',
  ])('`%s` is refused in words', (line) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', message: expect.stringMatching(/^(?!error).{10}/) as string }),
    )
  })

  test('the form of errors is known even when the line is not understood', () => {
    expect(wantsJson(['nonsense', '--json'])).toBe(true)
    expect(wantsJson(['send', 'hike', '--', '--json'])).toBe(false)
  })
})

describe('help', () => {
  test('names the commands that work, and no other', () => {
    const shown = [...help('').matchAll(/^ {2}([a-z][a-z-]*)(?: |\n)/gm)].map(([, name]) => name)
    const wanted = [
      'id devices device recovery recover',
      'direct contacts add-contact remove-contact requests accept decline block unblock safety',
      'new join list leave forget export import',
      'members add remove role invite invites revoke',
      'send edit delete react unreact pin unpin pinned hide unhide seen messages search tail chat',
      'attachments save',
      'daemon peers doctor verify completion',
      'help',
    ]
    expect(shown).toEqual(wanted.join(' ').split(' '))
    expect(help('--help')).toBe(help(''))
  })

  test.each(COMMANDS.map((spec) => [spec.usage.split(' ')[0] as string, spec] as const))('of %s has examples that parse', (name, spec) => {
    const text = help(`help ${name}`)
    expect(text).toBe(help(`${name} --help`))
    expect(text).toContain('--profile')
    expect(spec.examples.length).toBeGreaterThan(0)
    for (const [line] of spec.examples) {
      expect(text).toContain(`parley ${line}`)
      const words = line.replace(/ [<|] .*/, '').match(/"[^"]*"|\S+/g) ?? []
      expect(parseArgv(words.map((word) => word.replaceAll('"', '')))).toMatchObject({ spec })
    }
  })
})
