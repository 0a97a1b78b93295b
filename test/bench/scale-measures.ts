/** What `scale` measures, on Node and in a browser, and how many measurements become rows of a table. */
import type { ScaleRow } from './scale-report.ts'
import { median } from './statistics.ts'

/** Name among the values, what it is called in the table, and its unit. */
export type Measure<K extends string> = readonly [key: K, label: string, unit: string]

/** The same work wherever the engine runs. */
export const READING = [
  ['append', 'append, durable, one at a time', 'µs'],
  ['open', 'open to newest page', 'ms'],
  ['coldPage', 'page in the middle, cold', 'ms'],
  ['warmPage', 'page in the middle, warm', 'ms'],
  ['farPage', 'page at the far end, cold', 'ms'],
] as const

export type Values<K extends string> = Readonly<Record<K, number>>

/** The median of each measure over all rounds; undefined where no round measured it. */
export function medians<K extends string>(measures: readonly Measure<K>[], rounds: readonly Partial<Values<K>>[]): Partial<Values<K>> {
  const of = (key: K): number[] => rounds.flatMap((values) => values[key] ?? [])
  const entries = measures.flatMap(([key]) => (of(key).length === 0 ? [] : [[key, median(of(key))]]))
  return Object.fromEntries(entries) as Partial<Values<K>>
}

/** The rows of a table by their keys; `results` of each system at each size. */
export function rowsOf<K extends string>(
  measures: readonly Measure<K>[],
  { parley, floor, baseline }: Record<'parley' | 'floor' | 'baseline', readonly (Partial<Values<K>> | undefined)[]>,
): Record<K, ScaleRow> {
  const rows = measures.map(([key, measure, unit]): [K, ScaleRow] => [
    key,
    {
      measure,
      unit,
      parley: parley.map((values) => values?.[key]),
      floor: floor.map((values) => values?.[key]),
      baseline: baseline.map((values) => values?.[key]),
    },
  ])
  return Object.fromEntries(rows) as Record<K, ScaleRow>
}
