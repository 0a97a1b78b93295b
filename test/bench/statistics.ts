/** Measuring: the clock, and of several measurements the ones that a table shows. */

/** The middle one, or the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5, Math.floor) + percentile(values, 0.5, Math.ceil)) / 2
}

/** The smallest value that `share` (0 to 1) of all do not exceed. NaN of none. */
export function percentile(values: readonly number[], share: number, round: (index: number) => number = Math.ceil): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, round(share * (sorted.length - 1))))] ?? Number.NaN
}

/** Milliseconds of processor time of this process, all threads: what is waited for because the machine does other things does not count. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
