/** How much of all indexes of a profile may be in memory. Who comes first keeps it; indexes that nobody searches are given up (`INDEX_IDLE_MS`). */
import type { Inspection } from '../api.ts'
import type { Segment } from './segment.ts'

/** Segments in memory: 100,000 short messages at about 1.2 KB each. What is beyond is indexed again for each search that gets there. */
export const MAX_HELD_SEGMENTS = 25

export class SearchBudget {
  readonly #held = new Set<Segment>()
  #buildMs = 0

  /** What is in memory now, and what making it took. */
  get inspection(): Inspection['search'] {
    const held = [...this.#held]
    return {
      messages: held.reduce((sum, { size }) => sum + size, 0),
      words: held.reduce((sum, { terms }) => sum + terms, 0),
      buildMs: this.#buildMs,
    }
  }

  get hasRoom(): boolean {
    return this.#held.size < MAX_HELD_SEGMENTS
  }

  isHeld(segment: Segment): boolean {
    return this.#held.has(segment)
  }

  /** The segment may stay, as far as there is room. */
  hold(segment: Segment): void {
    if (this.hasRoom) this.#held.add(segment)
  }

  /** So long it took to make a segment, reading its messages included. */
  built(ms: number): void {
    this.#buildMs += ms
  }

  release(segment: Segment): void {
    this.#held.delete(segment)
  }
}
