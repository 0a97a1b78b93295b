/** The tables of `npm run bench -- scale`, and what of its targets is met. */

/** One measure of all systems, at each size; undefined where a system was not measured. */
export interface ScaleRow {
  readonly measure: string
  readonly unit: string
  readonly parley: readonly (number | undefined)[]
  readonly floor: readonly (number | undefined)[]
  readonly baseline: readonly (number | undefined)[]
}

/** What a measurement has to keep to. */
export interface Target {
  readonly what: string
  readonly value: number
  readonly limit: number
}

export interface ScaleReport {
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly node: string
  /** LevelDB on Node. */
  readonly rows: readonly ScaleRow[]
  readonly targets: readonly Target[]
  /** IndexedDB in Chromium. */
  readonly browser: { readonly sizes: readonly number[]; readonly rows: readonly ScaleRow[] } | undefined
}

/** The largest size divided by the smallest: 1 is flat. */
export function growth(values: readonly (number | undefined)[]): number {
  return (values.at(-1) ?? Number.NaN) / (values[0] ?? Number.NaN)
}

/** Tables in Markdown, less is better in every line. */
export function renderScale({ sizes, rounds, node, rows, targets, browser }: ScaleReport): string {
  const verdicts = targets.map(({ what, value, limit }) => [what, significant(value), significant(limit), value <= limit ? 'met' : 'OVER'])
  return [
    `Medians of ${rounds}; Node ${node}. Growth is the largest size divided by the smallest.`,
    renderRows(sizes, rows),
    table([['target', 'measured', 'at most', ''], ...verdicts]),
    ...(browser === undefined ? [] : ['IndexedDB in Chromium', renderRows(browser.sizes, browser.rows)]),
  ].join('\n\n')
}

function renderRows(sizes: readonly number[], rows: readonly ScaleRow[]): string {
  const names = sizes.map((size) => size.toLocaleString('en'))
  const hasBaseline = rows.some(({ baseline }) => baseline.length > 0)
  const head = ['', 'unit', ...names, 'growth', ...names.map((name) => `floor ${name}`)]
  const lines = rows.map(({ measure, unit, parley, floor, baseline }) => [
    measure,
    unit,
    ...parley.map(significant),
    significant(growth(parley)),
    ...floor.map(significant),
    ...(hasBaseline ? baseline.map(significant) : []),
  ])
  return table([[...head, ...(hasBaseline ? names.map((name) => `baseline ${name}`) : [])], ...lines])
}

function table([head, ...lines]: readonly (readonly string[])[]): string {
  return [head!, head!.map((_, i) => (i === 0 ? '---' : '--:')), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Three digits that mean something. */
function significant(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '·'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
