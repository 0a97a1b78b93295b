/**
 * A conversation as an archive, line by line, as it is when it begins: what is said meanwhile is not in it, and what is deleted meanwhile is not in it
 * any more.
 */
import { ParleyError } from '@parley/protocol'
import type { Attachments } from '../attachments/attachments.ts'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'

export interface ExportSource {
  readonly context: Context
  readonly replica: Replica
  /** Undefined: without the bytes of files. */
  readonly attachments: Attachments | undefined
  /** @throws {Closed} */
  assertOpen(): void
}

/** The archive as bytes. It is read as far as somebody asks for more. `onProgress` hears how many bytes were given. */
export function exportStream(
  source: ExportSource,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: ((bytes: number) => void) | undefined },
): ReadableStream<Uint8Array> {
  let lines: AsyncGenerator<Uint8Array, void> | undefined
  let written = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      source.assertOpen()
      if (signal?.aborted) throw new ParleyError('Aborted', 'the export was stopped', { cause: signal.reason })
      // What writes archives is loaded by whom it concerns only.
      lines ??= (await import('./export-lines.ts')).linesOfConversation(source)
      const { done, value: bytes } = await lines.next()
      if (done === true) return controller.close()
      written += bytes.length
      controller.enqueue(bytes)
      onProgress?.(written)
    },
    async cancel() {
      await lines?.return(undefined)
    },
  })
}
