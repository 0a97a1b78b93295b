import { describe, expect, test } from 'vitest'
import { deriveFileKey, webFileCrypto } from '../src/index.ts'
import { nodeFileCrypto } from '../src/provider.node.ts'
import { bytesOf, hex } from './bytes.ts'
import { fileCipherSuite } from './file-cipher-suite.ts'

describe('OpenSSL', () => {
  fileCipherSuite(nodeFileCrypto)
})
describe('Web Crypto of Node', () => {
  fileCipherSuite(() => webFileCrypto())
})

describe('deriveFileKey', () => {
  const secret = bytesOf('secret', 32)
  const content = bytesOf('content', 32)

  test('gives the same key for the same content, and another for another secret, content or cut', () => {
    const key = deriveFileKey(secret, content, 262_144)
    expect(deriveFileKey(secret, content, 262_144)).toEqual(key)
    const others = [
      deriveFileKey(bytesOf('other', 32), content, 262_144),
      deriveFileKey(secret, bytesOf('other', 32), 262_144),
      deriveFileKey(secret, content, 65_536),
    ]
    expect(new Set([key, ...others].map(hex)).size).toBe(4)
  })

  test('refuses other lengths', () => {
    expect(() => deriveFileKey(secret.subarray(1), content, 1)).toThrow('32 bytes')
    expect(() => deriveFileKey(secret, content.subarray(1), 1)).toThrow('32 bytes')
  })
})

test('a page without Web Crypto is told so', () => {
  const saved = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true })
  try {
    expect(() => webFileCrypto()).toThrow(expect.objectContaining({ code: 'StorageUnavailable' }))
  } finally {
    Object.defineProperty(globalThis, 'crypto', saved)
  }
})
