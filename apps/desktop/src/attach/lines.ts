/**
 * Lines out of a byte stream that nobody vouches for.
 */

/** A line was too long or no UTF-8. The connection that it came on is of no more use. */
export class BadLine extends Error {}

/** Collects bytes and gives the lines that are complete. Holds at most `maxBytes` of an incomplete one. */
export class LineReader {
  readonly #maxBytes: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #pieces: Uint8Array[] = []
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that end in these bytes, without their ends. @throws {BadLine} */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      this.#keep(bytes.subarray(from, end))
      lines.push(this.#take())
      from = end + 1
    }
    this.#keep(bytes.subarray(from))
    return lines
  }

  #keep(piece: Uint8Array): void {
    this.#length += piece.length
    if (this.#length > this.#maxBytes) throw new BadLine('line too long')
    if (piece.length > 0) this.#pieces.push(piece)
  }

  #take(): string {
    const line = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#length = 0
    try {
      return this.#decoder.decode(line)
    } catch (error) {
      throw new BadLine('not UTF-8', { cause: error })
    }
  }
}
