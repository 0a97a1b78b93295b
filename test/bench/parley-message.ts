/** A message of the engine as the benchmarks know it. */
import type { Message } from '@parley/core'
import type { BenchMessage } from './messages.ts'

export function toBench({ text, metadata }: Pick<Message, 'text' | 'metadata'>): BenchMessage {
  return { text, metadata: { client: String(metadata['client']), n: Number(metadata['n']) } }
}
