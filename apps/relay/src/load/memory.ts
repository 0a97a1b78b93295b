import { readMetrics } from './target.ts'

/** How often memory is looked at. */
const SAMPLE_MS = 500

const MIB = 1_048_576

/** Watches the relay's memory, CPU time and event loop through its metrics. */
export class Memory {
  readonly #url: string | undefined
  readonly #bytes: number[] = []
  #lagMs = 0
  #missed = 0
  readonly #cpu: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(url: string | undefined) {
    this.#url = url
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.read().catch(() => (this.#missed += 1))
    }, SAMPLE_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async read(): Promise<Map<string, number>> {
    if (this.#url === undefined) return new Map()
    const metrics = await readMetrics(this.#url)
    this.#bytes.push(metrics.get('process_resident_memory_bytes') ?? 0)
    this.#lagMs = Math.max(this.#lagMs, (metrics.get('nodejs_eventloop_lag_max_seconds') ?? 0) * 1_000)
    this.#cpu.push(metrics.get('process_cpu_seconds_total') ?? 0)
    return metrics
  }

  /** Resident MiB before anybody connected, with all connected, and the most under load; its CPU seconds under load; readings that the relay did not answer. */
  report(): { idleMiB: number; connectedMiB: number; maxMiB: number; maxLoopLagMs: number; cpuSeconds: number; missedReadings: number } {
    const [idle = 0, connected = 0] = this.#bytes
    const mib = (bytes: number): number => Math.round(bytes / MIB)
    return {
      idleMiB: mib(idle),
      connectedMiB: mib(connected),
      maxMiB: mib(Math.max(0, ...this.#bytes)),
      maxLoopLagMs: Math.round(this.#lagMs),
      cpuSeconds: Number(((this.#cpu.at(-1) ?? 0) - (this.#cpu[1] ?? 0)).toFixed(1)),
      missedReadings: this.#missed,
    }
  }
}
