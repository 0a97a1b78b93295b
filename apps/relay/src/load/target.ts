import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/** The relay under load. */
export interface Target {
  url: string
  /** Undefined when nobody knows where a foreign relay has its metrics. */
  metricsUrl: string | undefined
  stop(): Promise<void>
}

/** A relay in a process of its own, with the limits that it has by default. */
export async function startTarget(flags: readonly string[]): Promise<Target> {
  const args = ['--conditions=@parley/source', MAIN, '--port', '0', '--metrics', '127.0.0.1:0', '--json', ...flags]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { url, metricsUrl } = JSON.parse(line) as { url: string; metricsUrl: string }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exit
  }
  return { url, metricsUrl, stop }
}

/** The samples of `/metrics`, by name with labels. */
export async function readMetrics(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(url)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}
