/** A report for people: one table for each size, with ratios, where less is better in every line. */
import { ratios, type Report, type Row } from './report.ts'

export function renderReport(report: Report): string {
  const { columns, rounds, node, cpus, sections, mode } = report
  const noun = {
    chat: 'messages',
    latency: 'messages',
    log: 'entries',
    members: 'control entries',
    search: 'messages',
    archive: 'messages',
    web: 'messages',
  }[mode]
  const head = `Medians of ${rounds} rounds, interleaved; Node ${node}, ${cpus} cores. Less is better in every line; a ratio below 1 means that ${columns[0]} needs less.`
  return [head, ...sections.map(({ size, rows }) => `\n${size.toLocaleString('en')} ${noun}\n${renderTable(columns, rows)}`)].join('\n')
}

function renderTable(columns: readonly string[], rows: readonly Row[]): string {
  const others = columns.slice(1)
  const hasLimits = rows.some(({ limit }) => limit !== undefined)
  const cells = [
    ['', 'unit', ...columns, ...others.map((name) => `/ ${name}`), ...(hasLimits ? ['limit', ''] : [])],
    ...rows.map((row) => [
      row.measure,
      row.unit,
      ...row.values.map(significant),
      ...ratios(row).map(significant),
      ...(hasLimits ? verdict(row) : []),
    ]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, '-'.repeat(Math.max(...lines.map((line) => line.length))))
  return lines.join('\n')
}

/** What the ratio may be, and whether it is. */
function verdict(row: Row): [limit: string, verdict: string] {
  if (row.limit === undefined) return ['', '']
  return [significant(row.limit), ratios(row)[0]! <= row.limit ? 'ok' : 'OVER']
}

/** Three digits that mean something. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return '·'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
