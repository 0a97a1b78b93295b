import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { deviceSuite } from './device-suite.ts'

describe('noble', () => {
  deviceSuite(nobleProvider)
})
describe('node', () => {
  deviceSuite(nodeProvider)
})
describe('webcrypto', async () => {
  const provider = await webCryptoProvider()
  deviceSuite(() => provider)
})
