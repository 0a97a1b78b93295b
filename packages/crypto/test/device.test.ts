import { describe } from 'vitest'
import { nobleProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { deviceSuite } from './device-suite.ts'

describe('noble', () => {
  deviceSuite(nobleProvider)
})
describe('node', () => {
  deviceSuite(nodeProvider)
})
