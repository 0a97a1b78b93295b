import { describe } from 'vitest'
import { nobleProvider } from '../src/index.ts'
import { deviceSuite } from './device-suite.ts'
import { providerSuite } from './provider-suite.ts'
import { runSuite } from './run-suite.ts'

describe('noble in a browser', () => {
  providerSuite(nobleProvider)
  deviceSuite(nobleProvider)
  runSuite(nobleProvider)
})
