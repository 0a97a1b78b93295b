/**
 * Files of a conversation that the user asked for and that are not all here. Each has a row in the store while its fetch is under way, so that the fetch goes
 * on by itself after a restart or a crash, until the file is here or nobody wants it any more.
 */
import { isParleyError, utf8, type ErrorCode } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Keyspace } from '../replica/keyspace.ts'

/** Files remembered in each conversation; what is asked for beyond that has to be asked for again after a restart. */
export const MAX_WANTED_FILES = 256

/** After these the file is still wanted: it is not the user who gave up. */
const INTERRUPTIONS: readonly ErrorCode[] = ['Closed', 'StorageFull', 'StorageUnavailable']

export class WantedFiles {
  readonly #context: Context
  readonly #keys: Keyspace
  /** Fetches under way, by the id of the attachment. */
  readonly #fetches = new Map<string, number>()
  /** Ids of which the fetch was interrupted; they stay remembered when the last fetch ends. */
  readonly #interrupted = new Set<string>()

  constructor(context: Context, keys: Keyspace) {
    this.#context = context
    this.#keys = keys
  }

  /** The ids of attachments that were wanted when this profile was last open. */
  async load(): Promise<readonly string[]> {
    const rows = await this.#context.store.range({ ...this.#keys.wantedFiles(), limit: MAX_WANTED_FILES })
    return rows.map(({ value }) => new TextDecoder().decode(value))
  }

  /** Fetches a file, which is remembered until that ends. @throws what `fetch` throws; {StorageFull} */
  async during<T>(id: string, fetch: () => Promise<T>): Promise<T> {
    const others = this.#fetches.get(id) ?? 0
    if (others === 0 && this.#fetches.size >= MAX_WANTED_FILES) return fetch()
    this.#fetches.set(id, others + 1)
    try {
      if (others === 0) await this.#context.store.write([{ type: 'put', key: this.#keys.wantedFile(utf8(id)), value: utf8(id) }])
      return await fetch()
    } catch (error) {
      if (INTERRUPTIONS.some((code) => isParleyError(error, code))) this.#interrupted.add(id)
      throw error
    } finally {
      await this.#end(id)
    }
  }

  /** It is wanted no more. */
  async forget(id: string): Promise<void> {
    await this.#context.store.write([{ type: 'delete', key: this.#keys.wantedFile(utf8(id)) }])
  }

  async #end(id: string): Promise<void> {
    const left = this.#fetches.get(id)! - 1
    if (left > 0) {
      this.#fetches.set(id, left)
      return
    }
    this.#fetches.delete(id)
    if (!this.#interrupted.delete(id)) await this.forget(id)
  }
}
