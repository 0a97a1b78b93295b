import { describe, expect, test } from 'vitest'
import { deviceKeysOfWeb, generateWebKeys, nobleProvider, webCryptoProvider } from '../src/index.ts'
import { bytesOf } from './bytes.ts'
import { deviceChainSuite } from './device-chain-suite.ts'
import { deviceSuite } from './device-suite.ts'
import { providerSuite } from './provider-suite.ts'
import { runSuite } from './run-suite.ts'

describe('noble in a browser', () => {
  providerSuite(nobleProvider)
  deviceSuite(nobleProvider)
  deviceChainSuite(nobleProvider)
  runSuite(nobleProvider)
})

describe('webcrypto in a browser', async () => {
  const provider = await webCryptoProvider()
  test('is what this browser gets', () => expect(provider.name).toBe('webcrypto'))
  providerSuite(() => provider)
  deviceSuite(() => provider)
  deviceChainSuite(() => provider)
  runSuite(() => provider)
})

describe('keys that the browser keeps', () => {
  test('sign and agree like any other', async () => {
    const { signing, agreement } = await deviceKeysOfWeb((await generateWebKeys())!)
    const message = bytesOf('message', 50)
    const noble = nobleProvider()
    expect(await noble.verify({ publicKey: signing.publicKey, message, signature: await signing.sign(message) })).toBe(true)
    const bob = noble.agreementKey(bytesOf('bob', 32))
    expect(await agreement.agree(bob.publicKey)).toEqual(await bob.agree(agreement.publicKey))
    expect(await agreement.agree(new Uint8Array(32))).toBeUndefined()
  })

  test('cannot be exported in any form', async () => {
    const { signing, agreement } = (await generateWebKeys())!
    for (const { privateKey } of [signing, agreement]) {
      expect(privateKey.extractable).toBe(false)
      for (const format of ['raw', 'pkcs8', 'jwk'] as const) {
        await expect(crypto.subtle.exportKey(format, privateKey)).rejects.toMatchObject({ name: 'InvalidAccessError' })
      }
    }
  })
})
