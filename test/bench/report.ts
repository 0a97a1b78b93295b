/** What a run of the benchmark found, as `--json` prints it. */

/** One line of a table: medians over the rounds. */
export interface Row {
  readonly measure: string
  readonly unit: string
  /** By column, in the order of `Report.columns`. */
  readonly values: readonly number[]
  /** The ratio to the reference where it is not that of `values`: a median of ratios that were measured side by side. */
  readonly ratio?: number
  /** What the ratio may be at most. */
  readonly limit?: number
}

export interface Section {
  /** Messages, or entries, that this part of the run was about. */
  readonly size: number
  readonly rows: readonly Row[]
}

export interface Report {
  readonly mode: 'archive' | 'chat' | 'latency' | 'log' | 'members' | 'search' | 'web'
  /** The first column is ours, the others are what it is compared with. */
  readonly columns: readonly string[]
  readonly rounds: number
  readonly node: string
  readonly cpus: number
  readonly sections: readonly Section[]
}

/** Ours divided by each of the others: below 1 is better than they are, in every row. */
export function ratios({ values, ratio }: Row): number[] {
  if (ratio !== undefined) return [ratio]
  const [own = Number.NaN, ...others] = values
  return others.map((other) => own / other)
}
