/** A search over one conversation or many: what each finds, put together, newest first. */
import { compareKeys } from '../replica/timeline-key.ts'
import type { SearchOptions, SearchResult, SearchResults } from '../api.ts'
import type { ConversationSearch } from './conversation-search.ts'
import { cursorAt, readQuery, type Query } from './query.ts'
import type { Found } from './search-index.ts'
import { MIN_FUZZY_CHARS, type Match } from './segment.ts'

/** A match, and where it was found. */
interface Place {
  readonly search: ConversationSearch
  readonly match: Match
}

/** @throws {InvalidArgument, TooLarge, Aborted, Closed} */
export async function searchIn(searches: readonly ConversationSearch[], text: string, options?: SearchOptions): Promise<SearchResults> {
  const query = readQuery(text, options)
  let found = await findIn(searches, query, false, options)
  const isForgiving = found.total === 0 && found.isComplete && query.words.some((word) => word.length >= MIN_FUZZY_CHARS)
  if (isForgiving) found = await findIn(searches, query, true, options)
  const { total, isComplete, places } = found
  const page = places.slice(0, query.limit)
  const results = await resultsOf(page)
  const last = page.at(-1)
  const cursor = places.length > page.length && last !== undefined ? cursorAt(last.match.key) : undefined
  return Object.freeze({ results, total, cursor, isComplete })
}

async function findIn(
  searches: readonly ConversationSearch[],
  query: Query,
  isFuzzy: boolean,
  { signal, onProgress }: SearchOptions = {},
): Promise<Omit<Found, 'matches'> & { places: readonly Place[] }> {
  // Nothing but signs between words: nothing has it.
  if (query.words.length === 0) return { places: [], total: 0, isComplete: true }
  const places: Place[] = []
  const all = searches.reduce((sum, search) => sum + search.total, 0)
  let total = 0
  let before = 0
  let isComplete = true
  for (const search of searches) {
    const report = (indexed: number): void => onProgress?.(Math.min(before + indexed, all), all)
    const found = await search.find(query, isFuzzy, { signal, onProgress: report })
    places.push(...found.matches.map((match) => ({ search, match })))
    total += found.total
    isComplete &&= found.isComplete
    before += search.total
  }
  places.sort((a, b) => compareKeys(b.match.key, a.match.key))
  return { places, total, isComplete }
}

async function resultsOf(page: readonly Place[]): Promise<readonly SearchResult[]> {
  const searches = new Set(page.map(({ search }) => search))
  const read = [...searches].map((search) => search.results(page.filter((place) => place.search === search).map(({ match }) => match)))
  const results = new Map((await Promise.all(read)).flatMap((found) => [...found]))
  return Object.freeze(page.flatMap(({ match }) => results.get(match.id) ?? []))
}
