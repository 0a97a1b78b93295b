import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { deviceChainSuite } from './device-chain-suite.ts'
import { deviceSuite } from './device-suite.ts'

describe('noble', () => {
  deviceSuite(nobleProvider)
  deviceChainSuite(nobleProvider)
})
describe('node', () => {
  deviceSuite(nodeProvider)
  deviceChainSuite(nodeProvider)
})
describe('webcrypto', async () => {
  const provider = await webCryptoProvider()
  deviceSuite(() => provider)
  deviceChainSuite(() => provider)
})
