import { describe, expect, test } from 'vitest'
import { formatted, withoutFormatting } from '../src/text/markdown.ts'

describe('formatting in messages', () => {
  test.each(['', 'Hello', 'a_b and c_d', '2 * 3 * 4', '#1 <b>', 'x > y', 'one\n\ntwo', '-1', '&amp; \\*', '[a](javascript:alert(1))'])(
    'leaves %j as it was typed',
    (text) => expect(formatted(text)).toBeUndefined(),
  )

  test('knows bold, italic, struck through, code, lists and quotes, and nothing else', () => {
    const types = new Set<string>()
    const walk = (node: { type: string; children?: { type: string }[] }): void => {
      types.add(node.type)
      node.children?.forEach(walk)
    }
    walk(formatted('**b** *i* ~~s~~ `c`\n\n- l\n\n1. o\n\n> q\n\n```\nf\n```\n\n# h\n\n<b>x</b> ![i](u) [l](u) <https://a>\n\n---')!)
    expect([...types].sort()).toEqual(
      ['blockquote', 'code', 'delete', 'emphasis', 'inlineCode', 'list', 'listItem', 'paragraph', 'root', 'strong', 'text'].sort(),
    )
  })

  test('says where each piece is in what was typed', () => {
    const text = 'So **@Anna** then'
    const bold = formatted(text)!.children[0]!
    const name = 'children' in bold && bold.children[1]
    expect(name && name.position?.start.offset).toBe(3)
  })

  test('previews have the words alone', () => {
    expect(withoutFormatting('And **bold**:\n- one\n- `two`')).toBe('And bold: one two')
  })

  test.each([
    ['quotes in quotes', '>'.repeat(3_999)],
    ['lists in lists', '- '.repeat(1_999)],
    ['open emphasis', '*a _b '.repeat(660)],
    ['closed emphasis', `${'**a '.repeat(400)}${'b** '.repeat(400)}`],
    ['emphasis within the limits', `${'**a '.repeat(75)}${'b** '.repeat(75)}`],
    ['quotes within the limits', '>>>>>>> a\n'.repeat(390)],
    ['backticks', Array.from({ length: 80 }, (_, i) => '`'.repeat(i)).join(' ')],
    ['longer than is looked at', '*a* '.repeat(10_000)],
  ])('what was made to be hard is given up or small: %s', (_, text) => {
    const depth = (node: { children?: object[] }): number => 1 + Math.max(0, ...(node.children ?? []).map(depth))
    const root = formatted(text)
    expect(root === undefined ? 0 : depth(root)).toBeLessThan(16)
  })
})
