/** What a profile that is nobody yet does to become somebody: it makes its keys, finds one other device, and talks to it until that is done. */
import type { CryptoProvider, DeviceKeys, MeetingKeys } from '@parley/crypto'
import { ParleyError, Reject, type ControlCarrier } from '@parley/protocol'
import type { DeviceLine } from '../network/device-line.ts'
import { Meeting } from '../network/meeting.ts'
import type { KeyVault } from '../profile/key-vault.ts'
import { beginProfile } from '../profile/profile.ts'
import type { Store } from '../store.ts'
import type { Clock, Logger, Random, Transport } from '../transport.ts'

/** Nobody was found after so long. */
export const MEETING_MS = 120_000
/** Who was reached and knows nothing of it after so long does not know it. */
export const UNKNOWN_MS = 15_000
/** Whoever was found has so long: a person compares two codes meanwhile. */
const TALK_MS = 900_000
/** The last thing that is said is given so long to leave. */
const FAREWELL_MS = 500

export interface NewcomerInit {
  readonly store: Store
  readonly vault: KeyVault
  readonly transports: readonly Transport[]
  readonly crypto: CryptoProvider
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

/** One end of a talk, at the newcomer. */
export interface Talk {
  begin(): Promise<void>
  hear(fields: readonly Uint8Array[]): Promise<void>
  controls(entries: readonly ControlCarrier[]): void
}

/** Meets others and talks to the first one that holds the same; resolves once the talk says that it is done. @throws what the talk throws, {Unreachable}, {Aborted}, {NotAllowed} */
export async function meet(
  init: NewcomerInit,
  how: {
    readonly kind: 'linking' | 'recovering'
    readonly keys: MeetingKeys
    readonly hints: readonly string[]
    /** The error when those who were reached know nothing of it. */
    unknown(): ParleyError
    talk(line: DeviceLine, keys: DeviceKeys, done: () => void): Talk
  },
): Promise<void> {
  const { clock, transports, crypto, random, logger, signal } = init
  if (signal?.aborted === true) throw aborted()
  if (transports.length === 0) throw offline()
  const keys = await beginProfile(init)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timers: (() => void)[] = []
  let talk: { readonly line: DeviceLine; readonly with: Talk } | undefined
  let isDone = false
  const meeting = new Meeting({
    transports,
    crypto,
    clock,
    random,
    logger,
    kind: how.kind,
    keys: how.keys,
    hints: how.hints,
    onStranger: () => {
      if (timers.length === 1) timers.push(clock.setTimeout(() => talk ?? reject(how.unknown()), UNKNOWN_MS))
    },
    door: {
      met: async (line) => {
        if (talk !== undefined) return
        timers.push(clock.setTimeout(() => reject(offline()), TALK_MS))
        const begun = how.talk(line, keys, () => {
          isDone = true
          resolve()
        })
        talk = { line, with: begun }
        await begun.begin()
      },
      hear: async (line, fields) => {
        if (talk?.line !== line) return
        try {
          await talk.with.hear(fields)
        } catch (error) {
          reject(
            error instanceof Reject
              ? new ParleyError('LinkRejected', 'the other device said what cannot be; try again', { cause: error })
              : error,
          )
        }
      },
      controls: (line, entries) => (talk?.line === line ? talk.with.controls(entries) : undefined),
      closed: (line) => {
        if (talk?.line === line && !isDone) reject(new ParleyError('Unreachable', 'the connection to the other device was lost; try again'))
      },
    },
  })
  const abort = (): void => reject(aborted())
  signal?.addEventListener('abort', abort)
  timers.push(clock.setTimeout(() => talk ?? reject(offline()), MEETING_MS))
  try {
    await Promise.all([meeting.start(), promise])
    // Links take what is queued with them where they can; a moment more helps those that cannot.
    await new Promise<void>((left) => clock.setTimeout(left, FAREWELL_MS))
  } finally {
    signal?.removeEventListener('abort', abort)
    for (const cancel of timers) cancel()
    await meeting.stop()
  }
}

function offline(): ParleyError {
  return new ParleyError('Unreachable', 'no other device could be reached; see that both are online, and try again')
}

function aborted(): ParleyError {
  return new ParleyError('Aborted', 'this was called off')
}
