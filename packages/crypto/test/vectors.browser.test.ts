import { describe } from 'vitest'
import { nobleProvider, webCryptoProvider } from '../src/index.ts'
import { identityVectorsSuite } from './identity-vectors-suite.ts'
import { vectorsSuite } from './vectors-suite.ts'

describe('noble in a browser', () => {
  vectorsSuite(nobleProvider)
  identityVectorsSuite(nobleProvider)
})
describe('Web Crypto of the browser', () => {
  vectorsSuite(() => webCryptoProvider())
  identityVectorsSuite(() => webCryptoProvider())
})
