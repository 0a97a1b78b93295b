/** What is sent: about 200 bytes of JSON a message, the same for every system. */

export interface BenchMessage {
  readonly text: string
  readonly metadata: { readonly client: string; readonly n: number }
}

/** Messages of a page. */
export const PAGE_MESSAGES = 25

const WORDS = 'the boat leaves at seven so bring bread and the blue tent please see you all under old oak tomorrow maybe rain'.split(' ')
/** Makes a message about 200 bytes long as JSON. */
const TEXT_CHARACTERS = 150

/** Message number `n`: ordinary words, different each time, so that no compression makes it cheap. */
export function messageNumber(n: number): BenchMessage {
  let text = `${n}:`
  for (let i = 0; text.length < TEXT_CHARACTERS; i++) text += ` ${WORDS[(n * 7 + i * i + i * n) % WORDS.length]}`
  return { text: text.slice(0, TEXT_CHARACTERS), metadata: { client: 'bench', n } }
}

/** As the baseline and the floor keep it: what an application would need to show it. */
export function encodeMessage(message: BenchMessage): string {
  return JSON.stringify(message)
}

export function decodeMessage(json: string): BenchMessage {
  return JSON.parse(json) as BenchMessage
}
