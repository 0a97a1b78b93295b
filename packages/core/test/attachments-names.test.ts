import { utf8 } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_FILE_NAME_BYTES, safeFileName } from '../src/attachments/names.ts'
import { isInlineSafe, normalType, servedType, sniffType, typeOf, UNKNOWN_TYPE } from '../src/attachments/sniff.ts'

describe('safeFileName', () => {
  test.each([
    ['holiday.png', 'holiday.png'],
    ['Ünïcödé — 日本語 👩‍👩‍👧.txt', 'Ünïcödé — 日本語 👩‍👩‍👧.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\system32\\cmd.exe', 'cmd.exe'],
    ['folder/', 'folder'],
    ['a\u0000b\nc\u007f.txt', 'abc.txt'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['in\u2066vis\u200bible\ufeff\u00ad.pdf', 'invisible.pdf'],
    ['tags\u{e0041}\u{e007f}.pdf', 'tags.pdf'],
    ['lone\ud800.pdf', 'lone.pdf'],
    ['what?<is>"this"|*:.txt', 'what__is__this____.txt'],
    ['.htaccess', 'htaccess'],
    ['trailing. . .', 'trailing'],
    ['wide\u3000\u00a0space.txt', 'wide space.txt'],
    ['CON', '_CON'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['com¹.txt', '_com¹.txt'],
    ['LPT9 .txt', '_LPT9 .txt'],
    ['console.log', 'console.log'],
    ['', 'file'],
    ['...', 'file'],
    ['/', 'file'],
    ['\u202e\u200f', 'file'],
    ['cafe\u0301.txt', 'café.txt'],
  ])('%j becomes %j', (name, safe) => expect(safeFileName(name)).toBe(safe))

  test('a long name is cut between characters and keeps its extension', () => {
    const name = safeFileName(`${'😀'.repeat(200)}.jpeg`)
    expect(name).toMatch(/^(?:😀)+\.jpeg$/u)
    expect(utf8(name).length).toBeGreaterThan(MAX_FILE_NAME_BYTES - 4)
    expect(utf8(name).length).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES)
    expect(safeFileName(`a.${'b'.repeat(300)}`)).toBe(`a.${'b'.repeat(MAX_FILE_NAME_BYTES - 2)}`)
  })

  test('whatever comes in, the name is safe, and safe names stay as they are', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('.', ' ', '/', '\\', 'con', 'COM1', ':', '\u202e', '\u0301', '\ud800', 'x'.repeat(250)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const name = safeFileName(pieces.join(''))
        expect(safeFileName(name)).toBe(name)
        expect(name).not.toMatch(/^[. ]|[. ]$|[\p{Cc}\p{Cs}<>:"|?*/\\\u202a-\u202e\u2066-\u2069]|^$/u)
        expect(utf8(name).length).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** The bytes of a Latin-1 text. */
function start(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

describe('what a file is', () => {
  test.each([
    ['\x89PNG\r\n\x1a\n....', 'image/png'],
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['GIF89a', 'image/gif'],
    ['RIFF....WEBPVP8 ', 'image/webp'],
    ['RIFF....WAVEfmt ', 'audio/wav'],
    ['\0\0\0\x1cftypavif', 'image/avif'],
    ['\0\0\0\x1cftypheic', 'image/heic'],
    ['\0\0\0\x1cftypisom', 'video/mp4'],
    ['\0\0\0\x1cftypqt  ', 'video/quicktime'],
    ['\x1a\x45\xdf\xa3', 'video/webm'],
    ['OggS', 'audio/ogg'],
    ['ID3\x04', 'audio/mpeg'],
    ['%PDF-1.7', 'application/pdf'],
    ['PK\x03\x04', 'application/zip'],
    ['MZ\x90', 'application/x-msdownload'],
    ['<svg xmlns="x">', 'image/svg+xml'],
    ['\xef\xbb\xbf \n<?xml version="1.0"?><!-- x --><SVG onload=x>', 'image/svg+xml'],
    ['<!-- x --><svg >', 'image/svg+xml'],
    ['<!DOCTYPE html>', 'text/html'],
    ['  <script>', 'text/html'],
    ['<!-- x --><p>', 'text/html'],
    ['<?xml version="1.0"?><feed/>', 'application/xml'],
  ])('%j is seen', (text, type) => expect(sniffType(start(text))).toBe(type))

  test('nothing is seen in what is cut short, empty or plain', () => {
    for (const text of ['', '\x89PN', 'RIFF....', 'RIFF....XXXX', 'hello <b>world</b>', 'BMW is a car'])
      expect(sniffType(start(text))).toBeUndefined()
  })

  test('the bytes win over what is said', () => {
    expect(typeOf(start('<html>'), 'image/png')).toBe('text/html')
    expect(typeOf(start('MZ\x90'), 'text/plain')).toBe('application/x-msdownload')
    expect(typeOf(start('\xff\xd8\xff'), 'image/png')).toBe('image/jpeg')
    expect(typeOf(start('PK\x03\x04'), 'text/html')).toBe('application/zip')
    expect(typeOf(start('OggS'), undefined)).toBe('audio/ogg')
  })

  test('what is said refines what is seen', () => {
    const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
    expect(typeOf(start('PK\x03\x04'), docx)).toBe(docx)
    expect(typeOf(start('\x1a\x45\xdf\xa3'), 'audio/webm')).toBe('audio/webm')
    expect(typeOf(start('OggS'), 'video/ogg; codecs=theora')).toBe('video/ogg')
  })

  test('what is said stands where nothing can be seen, and falls where it would have been', () => {
    expect(typeOf(start('hello'), 'Text/Plain; charset=utf-8')).toBe('text/plain')
    expect(typeOf(start('a,b'), 'text/csv')).toBe('text/csv')
    expect(typeOf(start('alert(1)'), 'text/javascript')).toBe('text/javascript')
    expect(typeOf(start('hello'), 'image/png')).toBe(UNKNOWN_TYPE)
    expect(typeOf(start('hello'), 'video/mp4')).toBe(UNKNOWN_TYPE)
    expect(typeOf(start('hello'), 'application/pdf')).toBe(UNKNOWN_TYPE)
    expect(typeOf(start('hello'), 'nonsense')).toBe(UNKNOWN_TYPE)
    expect(typeOf(start('hello'), undefined)).toBe(UNKNOWN_TYPE)
  })

  test('only what starts nothing is shown in a page', () => {
    for (const type of ['image/png', 'image/jpeg', 'video/mp4', 'audio/mpeg', 'text/plain']) expect(servedType(type)).toBe(type)
    for (const type of ['text/html', 'image/svg+xml', 'text/javascript', 'application/xhtml+xml', 'application/pdf', 'text/xml', 'x/y']) {
      expect(isInlineSafe(type)).toBe(false)
      expect(servedType(type)).toBe(UNKNOWN_TYPE)
    }
  })

  test('a type is written in one way', () => {
    expect(normalType(' Image/SVG+xml ; charset=utf-8')).toBe('image/svg+xml')
    for (const type of ['', 'text', 'text/', '/plain', 'a b/c', 'text/pl\u00e4in', `a/${'b'.repeat(126)}`, 'text/a\nb'])
      expect(normalType(type)).toBeUndefined()
  })

  test('any bytes and any words give a type', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.option(fc.string(), { nil: undefined }), (bytes, said) => {
        expect(normalType(typeOf(bytes, said))).toBe(typeOf(bytes, said))
      }),
    )
  })
})
