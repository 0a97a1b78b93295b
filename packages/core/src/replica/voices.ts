/** Which entries of a log were written by somebody who may. */

/** Entries `from` to before `to`. */
export interface Voice {
  readonly from: number
  readonly to: number
}

/** What of `a` is not in `b`. */
export function without(a: readonly Voice[], b: readonly Voice[]): Voice[] {
  let rest = [...a]
  for (const cut of b)
    rest = rest.flatMap(({ from, to }) => {
      const before = { from, to: Math.min(to, cut.from) }
      const after = { from: Math.max(from, cut.to), to }
      return [before, after].filter((part) => part.from < part.to)
    })
  return rest
}
