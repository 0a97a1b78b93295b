import { describe } from 'vitest'
import { webFileCrypto } from '../src/index.ts'
import { fileCipherSuite } from './file-cipher-suite.ts'

describe('Web Crypto of the browser', () => {
  fileCipherSuite(() => webFileCrypto())
})
