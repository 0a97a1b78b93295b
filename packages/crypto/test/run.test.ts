import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { runSuite } from './run-suite.ts'

describe('noble', () => {
  runSuite(nobleProvider)
})
describe('node', () => {
  runSuite(nodeProvider)
})
describe('webcrypto', async () => {
  const provider = await webCryptoProvider()
  runSuite(() => provider)
})
