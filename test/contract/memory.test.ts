import { createMemoryDriver } from './memory-driver.ts'
import { runOnNode } from './run-on-node.ts'

runOnNode(async () => createMemoryDriver())
