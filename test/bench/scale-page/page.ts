/** The page in which the engine is measured on IndexedDB; whoever drives it calls `window.bench`. */
import { createEngine, type Conversation, type Parley } from '@parley/core'
import { webCryptoProvider, type CryptoProvider } from '@parley/crypto'
import { openIndexedDbStore } from '@parley/store-indexeddb'
import { silentLogger } from '../../../packages/testing/src/silent-logger.ts'
import { systemClock, systemRandom } from '../../../packages/chat/src/environment.ts'
import { encodeMessage, messageNumber, PAGE_MESSAGES } from '../messages.ts'
import { toBench } from '../parley-message.ts'
import { timed, timeReading, timeSending, type ReadTimes } from '../reading.ts'
import { writeHistory } from '../scale-authors.ts'

const NAME = 'bench'
/** The same rows without an engine: the least that anything could do. */
const FLOOR = 'floor'

class Bench {
  #parley: Parley | undefined

  /** A history of so many messages; the page is to be loaded anew after it. */
  async makeHistory(total: number): Promise<void> {
    await writeHistory({ crypto: await provider(), openStore: () => openIndexedDbStore({ name: NAME }) }, total)
  }

  async read(total: number): Promise<ReadTimes> {
    const crypto = await provider()
    return timeReading(total, async () => {
      this.#parley = await createEngine({
        crypto,
        store: await openIndexedDbStore({ name: NAME }),
        transports: [],
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger(),
      })
      return async (page) => (await this.#group().getMessages(page)).messages.map(toBench)
    })
  }

  /** Sends messages one at a time, each durable. Returns microseconds a message. */
  append(from: number, count: number): Promise<number> {
    return timeSending(from, count, 1, (n) => {
      const { text, metadata } = messageNumber(n)
      return this.#group().sendMessage({ text, metadata: { ...metadata } })
    })
  }

  /** Writes the bytes of so many messages under numbers, as fast as IndexedDB takes them. */
  async makeFloor(total: number): Promise<void> {
    const database = await openFloor()
    for (let at = 0; at < total; at += 1_000) {
      const rows = Math.min(1_000, total - at)
      await put(
        database,
        Array.from({ length: rows }, (_, i) => at + i),
        'relaxed',
      )
    }
    database.close()
  }

  /** Opening and 25 gets in milliseconds; one durable put in microseconds. */
  async floor(total: number, puts: number): Promise<{ open: number; append: number }> {
    const start = performance.now()
    const database = await openFloor()
    const rows = database.transaction(FLOOR).objectStore(FLOOR)
    await Promise.all(Array.from({ length: PAGE_MESSAGES }, (_, i) => done(rows.get(total - 1 - i))))
    const open = performance.now() - start
    const append = await timed(async () => {
      for (let n = total; n < total + puts; n++) await put(database, [n], 'strict')
    })
    database.close()
    return { open, append: (append * 1_000) / puts }
  }

  /** What the origin takes. */
  async diskBytes(): Promise<number> {
    return (await navigator.storage.estimate()).usage ?? Number.NaN
  }

  #group(): Conversation {
    const group = this.#parley?.conversations[0]
    if (group === undefined) throw new Error('nothing is open')
    return group
  }
}

export type { Bench }

const provider = (): Promise<CryptoProvider> => webCryptoProvider()

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB')))
  })
}

function openFloor(): Promise<IDBDatabase> {
  const request = indexedDB.open(FLOOR, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(FLOOR))
  return done(request)
}

function put(database: IDBDatabase, numbers: readonly number[], durability: IDBTransactionDurability): Promise<void> {
  const transaction = database.transaction(FLOOR, 'readwrite', { durability })
  const utf8 = new TextEncoder()
  for (const n of numbers) transaction.objectStore(FLOOR).put(utf8.encode(encodeMessage(messageNumber(n))), n)
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('IndexedDB')))
  })
}

Object.assign(globalThis, { bench: new Bench() })
