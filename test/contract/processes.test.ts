import { createProcessDriver } from './process-driver.ts'
import { runOnNode } from './run-on-node.ts'

runOnNode(createProcessDriver)
