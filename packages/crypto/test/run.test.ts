import { describe } from 'vitest'
import { nobleProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { runSuite } from './run-suite.ts'

describe('noble', () => {
  runSuite(nobleProvider)
})
describe('node', () => {
  runSuite(nodeProvider)
})
