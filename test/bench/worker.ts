/** The child process: does what the parent asks, one task at a time, and ends with it. */
import { SYSTEM_NAMES } from './peer.ts'
import { createTasks } from './tasks.ts'
import { countTraffic } from './traffic.ts'

const name = [...SYSTEM_NAMES, 'marked' as const].find((system) => system === process.argv[2])
if (name === undefined) throw new Error('which system?')
countTraffic()
const tasks = createTasks(name) as Record<string, (...args: unknown[]) => Promise<unknown>>

process.on('message', (request) => {
  const { id, task, args } = request as { id: number; task: string; args: unknown[] }
  const run = tasks[task]
  if (run === undefined) throw new Error(`no such task: ${task}`)
  run(...args).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
