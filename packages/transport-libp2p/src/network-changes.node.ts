/** When the network of this computer is another one than before: a cable, a Wi-Fi, a tunnel came or went, or the computer slept. Node only. */
import { networkInterfaces } from 'node:os'
import type { Clock } from '@parley/core'

/** Node passes no such event on, so it is looked at: 0.1 ms each time, and nobody waits longer than this for a link that has become possible. */
const LOOK_EVERY_MS = 3_000
/** A look that comes so late was delayed by a sleeping computer, whose connections are dead though nothing says so. */
const SLEPT_MS = 20_000

/** Calls `onChange` after every change, until the function that it returns is called. */
export function watchNetwork(clock: Clock, onChange: () => void): () => void {
  let known = fingerprint()
  let lookedAt = clock.now()
  const look = (): void => {
    const now = fingerprint()
    const hasSlept = clock.now() - lookedAt > SLEPT_MS
    lookedAt = clock.now()
    const isOther = now !== known
    known = now
    cancel = clock.setTimeout(look, LOOK_EVERY_MS)
    if (isOther || hasSlept) onChange()
  }
  let cancel = clock.setTimeout(look, LOOK_EVERY_MS)
  return () => cancel()
}

function fingerprint(): string {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ cidr, mac }) => `${cidr} ${mac}`)
    .sort()
    .join()
}
