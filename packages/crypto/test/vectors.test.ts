import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { identityVectorsSuite } from './identity-vectors-suite.ts'
import { vectorsSuite } from './vectors-suite.ts'

describe('noble', () => {
  vectorsSuite(nobleProvider)
  identityVectorsSuite(nobleProvider)
})
describe('node', () => {
  vectorsSuite(nodeProvider)
  identityVectorsSuite(nodeProvider)
})
describe('Web Crypto of Node', () => {
  vectorsSuite(() => webCryptoProvider())
  identityVectorsSuite(() => webCryptoProvider())
})
