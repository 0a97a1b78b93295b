/**
 * Runs under one provider.
 */
import { decodeEntry, encodeEntry, encodeHeader, EntryKind, purgeEntry, Reject, type RejectCode } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import { verifyRun, type CryptoProvider, type VerifiedRun } from '../src/index.ts'
import { bytesOf, flipBit, hex } from './bytes.ts'
import { LogOf } from './log-of.ts'

/** The same entry with its signature replaced. */
function resigned(bytes: Uint8Array, signature: Uint8Array | undefined): Uint8Array {
  const { headerBytes, body } = decodeEntry(bytes)
  return encodeEntry(headerBytes, body as Uint8Array, signature)
}

async function codeOf(run: Promise<VerifiedRun>): Promise<RejectCode | 'accepted'> {
  try {
    await run
    return 'accepted'
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
}

/** Defines the tests for one provider. */
export function runSuite(create: () => CryptoProvider): void {
  const provider = create()

  /** 600 entries of alice in emissions of many sizes: signed at 0, 9, 109, 255, 309, 511, 599, by emission or chunk end. */
  async function sixHundred(): Promise<{ log: LogOf; entries: Uint8Array[] }> {
    const log = new LogOf(provider, 'alice')
    const entries: Uint8Array[] = []
    for (const count of [1, 9, 100, 200, 290]) entries.push(...(await log.emit(count)))
    return { log, entries }
  }

  test('600 entries with sparse signatures, at once or in parts', async () => {
    const { log, entries } = await sixHundred()
    const signed = entries.flatMap((bytes, seq) => (decodeEntry(bytes).signature === undefined ? [] : [seq]))
    expect(signed).toEqual([0, 9, 109, 255, 309, 511, 599])
    const run = await verifyRun(provider, log.author, log.start, entries)
    expect(run.entries.map((entry) => entry.seq)).toEqual(entries.map((_, seq) => seq))
    expect(run.entries.map((entry) => entry.bytes)).toEqual(entries)
    expect(run.rest).toBe(0)
    expect(run.state).toEqual(log.state)
    expect(run.entries.at(-1)).toMatchObject({ id: log.state.prevId, hlc: log.state.hlc })

    let state = log.start
    for (const [from, to] of [
      [0, 1],
      [1, 110],
      [110, 512],
      [512, 600],
    ] as const) {
      const part = await verifyRun(provider, log.author, state, entries.slice(from, to))
      expect(part.entries.map((entry) => hex(entry.id))).toEqual(run.entries.slice(from, to).map((entry) => hex(entry.id)))
      state = part.state
    }
    expect(state).toEqual(log.state)
  })

  test('checks one signature, and with `required` those that the format demands', async () => {
    const { log, entries } = await sixHundred()
    let checked = 0
    const counting: CryptoProvider = {
      name: provider.name,
      sealBody: (key, nonce, aad, text) => provider.sealBody(key, nonce, aad, text),
      openBody: (key, sealed, aad) => provider.openBody(key, sealed, aad),
      sha256: (bytes) => provider.sha256(bytes),
      sha256Into: (bytes, target, offset) => provider.sha256Into(bytes, target, offset),
      verify: (job) => {
        checked++
        return provider.verify(job)
      },
      signingKey: (seed) => provider.signingKey(seed),
      agreementKey: (secret) => provider.agreementKey(secret),
      encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
      verifyMany: (jobs) => {
        checked += jobs.length
        return provider.verifyMany(jobs)
      },
    }
    await verifyRun(counting, log.author, log.start, entries)
    expect(checked).toBe(1)
    await verifyRun(counting, log.author, log.start, entries, { signatures: 'required' })
    expect(checked).toBe(1 + 3)
  })

  test('a wrong signature at a chunk end is implied by the last one, and found with `required`', async () => {
    const { log, entries } = await sixHundred()
    const damaged = entries.with(255, resigned(entries[255] as Uint8Array, bytesOf('no signature', 64)))
    expect((await verifyRun(provider, log.author, log.start, damaged)).entries).toHaveLength(600)
    expect(await codeOf(verifyRun(provider, log.author, log.start, damaged, { signatures: 'required' }))).toBe('BadSignature')
  })

  describe('refuses', () => {
    test('a body changed in the middle: the chain ends elsewhere than the signature says', async () => {
      const { log, entries } = await sixHundred()
      const { headerBytes, body, signature } = decodeEntry(entries[300] as Uint8Array)
      const changed = encodeEntry(headerBytes, flipBit(body as Uint8Array, 5), signature)
      expect(await codeOf(verifyRun(provider, log.author, log.start, entries.with(300, changed)))).toBe('BadSignature')
    })

    test('an entry left out, doubled or moved: counters or clock do not follow', async () => {
      const { log, entries } = await sixHundred()
      expect(await codeOf(verifyRun(provider, log.author, log.start, entries.toSpliced(300, 1)))).toBe('BadChain')
      expect(await codeOf(verifyRun(provider, log.author, log.start, entries.toSpliced(300, 0, entries[300] as Uint8Array)))).toBe(
        'BadChain',
      )
      const moved = entries.with(300, entries[301] as Uint8Array).with(301, entries[300] as Uint8Array)
      expect(await codeOf(verifyRun(provider, log.author, log.start, moved))).toBe('BadChain')
    })

    test('a clock that stands still', async () => {
      const { log, entries } = await sixHundred()
      const { header, body, signature } = decodeEntry(entries[300] as Uint8Array)
      const still = encodeEntry(encodeHeader({ ...header, time: 0, ctr: 0 }), body as Uint8Array, signature)
      expect(await codeOf(verifyRun(provider, log.author, log.start, entries.with(300, still)))).toBe('BadClock')
    })

    test('a bad last signature, though earlier ones are good', async () => {
      const { log, entries } = await sixHundred()
      const signature = decodeEntry(entries[599] as Uint8Array).signature as Uint8Array
      const damaged = entries.with(599, resigned(entries[599] as Uint8Array, flipBit(signature, 300)))
      expect(await codeOf(verifyRun(provider, log.author, log.start, damaged))).toBe('BadSignature')
    })

    test('a signature taken from another entry of the same log', async () => {
      const { log, entries } = await sixHundred()
      const signature = decodeEntry(entries[309] as Uint8Array).signature
      expect(
        await codeOf(verifyRun(provider, log.author, log.start, entries.with(599, resigned(entries[599] as Uint8Array, signature)))),
      ).toBe('BadSignature')
    })

    test('a chunk end, or a control entry, without its signature', async () => {
      const { log, entries } = await sixHundred()
      expect(
        await codeOf(verifyRun(provider, log.author, log.start, entries.with(255, resigned(entries[255] as Uint8Array, undefined)))),
      ).toBe('BadSignature')
      const other = new LogOf(provider, 'bob')
      const [control] = await other.emit(1, { kind: EntryKind.control })
      const posts = await other.emit(3)
      const unsigned = [resigned(control as Uint8Array, undefined), ...posts]
      expect(await codeOf(verifyRun(provider, other.author, other.start, unsigned))).toBe('BadSignature')
      expect(await codeOf(verifyRun(provider, other.author, other.start, [control as Uint8Array, ...posts]))).toBe('accepted')
    })

    test('the same bytes as another device, in another conversation, under another key, at another place', async () => {
      const { log, entries } = await sixHundred()
      const bob = new LogOf(provider, 'bob')
      const { author, start } = log
      expect(await codeOf(verifyRun(provider, { ...author, device: bob.author.device }, start, entries))).toBe('BadSignature')
      expect(await codeOf(verifyRun(provider, { ...author, conversation: bytesOf('elsewhere', 32) }, start, entries))).toBe('BadSignature')
      expect(await codeOf(verifyRun(provider, { ...author, signKey: bob.author.signKey }, start, entries))).toBe('BadSignature')
      expect(await codeOf(verifyRun(provider, author, bob.start, entries))).toBe('BadSignature')
    })

    test('bytes that are no entry', async () => {
      const { log, entries } = await sixHundred()
      const cut = (entries[300] as Uint8Array).slice(0, -1)
      expect(await codeOf(verifyRun(provider, log.author, log.start, entries.with(300, cut)))).toBe('BadShape')
      expect(await codeOf(verifyRun(provider, log.author, log.start, [new Uint8Array(0)]))).toBe('BadShape')
    })
  })

  test('an unsigned tail is left as rest, and can be checked when its signature comes', async () => {
    const { log, entries } = await sixHundred()
    const known = await verifyRun(provider, log.author, log.start, entries.slice(0, 320))
    expect(known.entries).toHaveLength(310)
    expect(known.rest).toBe(10)
    expect(known.state.nextSeq).toBe(310)
    const later = await verifyRun(provider, log.author, known.state, entries.slice(310))
    expect(later.state).toEqual(log.state)
  })

  test('nothing signed, or nothing at all: everything is rest and the state is the given one', async () => {
    const { log, entries } = await sixHundred()
    const state = (await verifyRun(provider, log.author, log.start, entries.slice(0, 10))).state
    expect(await verifyRun(provider, log.author, state, entries.slice(10, 50))).toEqual({ entries: [], state, rest: 40 })
    expect(await verifyRun(provider, log.author, state, [])).toEqual({ entries: [], state, rest: 0 })
  })

  test('purged bodies do not break the chain', async () => {
    const { log, entries } = await sixHundred()
    const purged = entries.map((bytes, seq) => (seq % 3 === 0 ? purgeEntry(bytes, (input) => provider.sha256(input)) : bytes))
    expect((await verifyRun(provider, log.author, log.start, purged)).state).toEqual(log.state)
  })

  /** What happens between two yields: bytes hashed, signatures checked. */
  function observed(): { watching: CryptoProvider; slices: { bytes: number; signatures: number }[]; yieldNow: () => Promise<void> } {
    const slices = [{ bytes: 0, signatures: 0 }]
    const now = () => slices.at(-1) as { bytes: number; signatures: number }
    const watching: CryptoProvider = {
      name: provider.name,
      sealBody: (key, nonce, aad, text) => provider.sealBody(key, nonce, aad, text),
      openBody: (key, sealed, aad) => provider.openBody(key, sealed, aad),
      sha256: (bytes) => {
        now().bytes += bytes.length
        return provider.sha256(bytes)
      },
      sha256Into: (bytes, target, offset) => {
        now().bytes += bytes.length
        provider.sha256Into(bytes, target, offset)
      },
      verify: (job) => {
        now().signatures++
        return provider.verify(job)
      },
      verifyMany: (jobs) => {
        now().signatures += jobs.length
        return provider.verifyMany(jobs)
      },
      signingKey: (seed) => provider.signingKey(seed),
      agreementKey: (secret) => provider.agreementKey(secret),
      encapsulate: (secret, publicKey) => provider.encapsulate(secret, publicKey),
    }
    const yieldNow = async (): Promise<void> => {
      slices.push({ bytes: 0, signatures: 0 })
    }
    return { watching, slices, yieldNow }
  }

  test.each([
    ['small', 2_600, 60],
    ['large', 30, 50_000],
  ])('yields after a bounded amount of work: %s entries', async (_name, count, bodyBytes) => {
    const log = new LogOf(provider, 'alice')
    const entries = await log.emit(count, { bodyBytes })
    const { watching, slices, yieldNow } = observed()
    await verifyRun(watching, log.author, log.start, entries, { signatures: 'required', yieldNow })
    const total = slices.reduce((sum, { bytes }) => sum + bytes, 0)
    // 64 KiB, and the one entry with which a slice becomes full.
    const bound = 65_536 + bodyBytes + 300
    expect(Math.max(...slices.map(({ bytes }) => bytes))).toBeLessThanOrEqual(bound)
    expect(slices.length).toBeGreaterThanOrEqual(Math.ceil(total / bound))
    expect(Math.max(...slices.map(({ signatures }) => signatures))).toBeLessThanOrEqual(2)
    // Signatures, the dearest part, come in slices of their own: at most a quarter of one has been hashed before them.
    const mixed = slices.filter(({ signatures }) => signatures > 0).map(({ bytes }) => bytes)
    expect(Math.max(...mixed)).toBeLessThanOrEqual(65_536 / 4)
    expect(slices.reduce((sum, { signatures }) => sum + signatures, 0)).toBe(1 + Math.floor(count / 256))
  })

  test('a short run, as a live update brings it, does not wait for the event loop', async () => {
    const log = new LogOf(provider, 'alice')
    const entries = await log.emit(20)
    const { watching, slices, yieldNow } = observed()
    await verifyRun(watching, log.author, log.start, entries, { yieldNow })
    expect(slices).toEqual([{ bytes: expect.any(Number) as number, signatures: 1 }])
  })

  test('yields while it looks for a signature', async () => {
    const log = new LogOf(provider, 'alice')
    const [first] = await log.emit(1)
    const [unsigned] = await log.emit(2)
    const { watching, slices, yieldNow } = observed()
    const entries = [first as Uint8Array, ...Array.from({ length: 10_000 }, () => unsigned as Uint8Array)]
    const run = await verifyRun(watching, log.author, log.start, entries, { yieldNow })
    expect([run.entries.length, run.rest, slices.length]).toEqual([1, 10_000, 3])
  })

  test('an abort ends it at the next slice, or before anything is done', async () => {
    const log = new LogOf(provider, 'alice')
    const entries = await log.emit(2_600)
    const { watching, slices, yieldNow } = observed()
    const controller = new AbortController()
    const aborted = expect.objectContaining({ name: 'ParleyError', code: 'Aborted', cause: 'enough' })
    const abortAtSecond = async (): Promise<void> => {
      await yieldNow()
      if (slices.length === 3) controller.abort('enough')
    }
    const options = { signal: controller.signal, yieldNow: abortAtSecond }
    await expect(verifyRun(watching, log.author, log.start, entries, options)).rejects.toEqual(aborted)
    expect(slices.map(({ bytes }) => bytes > 0)).toEqual([true, true, false])
    await expect(verifyRun(watching, log.author, log.start, entries, options)).rejects.toEqual(aborted)
    expect(slices).toHaveLength(3)
  })

  test('what it returns belongs to the caller: later runs do not change it', async () => {
    const { log, entries } = await sixHundred()
    const run = await verifyRun(provider, log.author, log.start, entries)
    const ids = run.entries.map((entry) => hex(entry.id))
    const other = new LogOf(provider, 'bob')
    await verifyRun(provider, other.author, other.start, await other.emit(300))
    expect(run.entries.map((entry) => hex(entry.id))).toEqual(ids)
    expect(new Set(run.entries.map((entry) => entry.id.buffer)).size).toBe(600)
  })

  test('a refusal names neither key nor content', async () => {
    const { log, entries } = await sixHundred()
    const damaged = entries.with(599, resigned(entries[599] as Uint8Array, bytesOf('no signature', 64)))
    const error: unknown = await verifyRun(provider, log.author, log.start, damaged).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Reject)
    expect(JSON.stringify(error) + String(error)).toBe('{"code":"BadSignature","name":"Reject"}Reject: A signature does not hold.')
  })
}
