/** `npm run crash -- --points 500 [--seed 1] [--together 2]`: kills so many processes in the middle of their work, and says what became of them. */
import { parseArgs } from 'node:util'
import { crashAt } from './crash-series.ts'

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    together: { type: 'string', default: '2' },
  },
})
const began = performance.now()
const report = await crashAt(Number(values.points), { seed: Number(values.seed), together: Number(values.together) })
const seconds = Math.round((performance.now() - began) / 1_000)
process.stdout.write(
  `${report.killed} killed, ${report.early} of them while recovering from the crash before; ${report.ended} ended by themselves; ${seconds} s\n`,
)
