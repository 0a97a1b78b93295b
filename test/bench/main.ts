/**
 * `npm run bench`: how the engine compares with what a tutorial would build, and with the least that anything could do. Nothing here passes
 * or fails: a machine that does other things at the same time shows in all columns, so look at the ratios.
 */
import { availableParallelism } from 'node:os'
import { measureArchive } from './archive.ts'
import { measureChat } from './chat.ts'
import { measureLatency } from './latency.ts'
import { measureLog } from './log.ts'
import { measureMembers } from './members.ts'
import { readOptions, type BenchOptions } from './options.ts'
import { renderScale } from './scale-report.ts'
import { measureScale } from './scale.ts'
import { measureSearch } from './search.ts'
import { measureWeb } from './web.ts'
import { SYSTEM_NAMES } from './peer.ts'
import type { Report, Section } from './report.ts'
import { renderReport } from './table.ts'

try {
  const options = readOptions(process.argv.slice(2))
  if (options.mode === 'scale') {
    const report = await measureScale(options.sizes, options.rounds, saying(options), { inBrowser: options.browser })
    console.log(options.json ? JSON.stringify(report) : renderScale(report))
  } else {
    const report = await run({ ...options, mode: options.mode })
    console.log(options.json ? JSON.stringify(report) : renderReport(report))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function saying({ json }: BenchOptions): (text: string) => void {
  return (text) => {
    if (!json && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  }
}

async function run(options: BenchOptions & { mode: Report['mode'] }): Promise<Report> {
  const { mode, sizes, rounds, profile } = options
  const say = saying(options)
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const sections: Section[] = []
  for (const size of sizes) {
    if (mode === 'chat') sections.push(await measureChat(size, rounds, flags, say))
    else
      sections.push(
        await {
          latency: measureLatency,
          log: measureLog,
          members: measureMembers,
          search: measureSearch,
          archive: measureArchive,
          web: measureWeb,
        }[mode](size, rounds, say),
      )
  }
  say('')
  const columns = {
    chat: [...SYSTEM_NAMES],
    latency: ['parley', 'echo'],
    log: ['parley', 'reference'],
    members: ['parley'],
    search: ['parley'],
    archive: ['parley'],
    web: ['demo'],
  }[mode]
  return { mode, columns, rounds, node: process.versions.node, cpus: availableParallelism(), sections }
}
