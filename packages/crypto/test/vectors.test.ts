import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { vectorsSuite } from './vectors-suite.ts'

describe('noble', () => {
  vectorsSuite(nobleProvider)
})
describe('node', () => {
  vectorsSuite(nodeProvider)
})
describe('Web Crypto of Node', () => {
  vectorsSuite(() => webCryptoProvider())
})
