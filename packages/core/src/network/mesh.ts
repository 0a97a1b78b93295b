/**
 * On which of many links what is new is pushed at once: few, so that each member gets it few times, and such that it reaches everybody. On the
 * others it is only said that it is here; who has not got it soon asks for it, so a choice that reaches nobody costs a moment and no message.
 */
import type { DeviceId } from '@parley/protocol'

/** Up to so many links of a conversation all are pushed on. */
export const SMALL_MESH = 4
/** Beyond, on so many: with three each of a group of 50 is reached in some six steps, and gets at most three copies on average. */
export const EAGER_LINKS = 3

/**
 * The peers that get what is new at once. One is the next on the ring of all device ids, so that those of all members together reach everybody; the
 * others lie anywhere, so that it does not take long. The same for as long as the links are the same.
 */
export function eagerPeers(self: DeviceId, peers: readonly DeviceId[]): ReadonlySet<DeviceId> {
  if (peers.length <= SMALL_MESH) return new Set(peers)
  const next = least(peers, (peer) => (peer > self ? `0${peer}` : `1${peer}`))
  const eager = new Set([next])
  while (eager.size < EAGER_LINKS)
    eager.add(
      least(
        peers.filter((peer) => !eager.has(peer)),
        (peer) => mixed(self + peer),
      ),
    )
  return eager
}

/** Of several the one with the smallest key; there is at least one. */
function least<T>(items: readonly T[], keyOf: (item: T) => string | number): T {
  return items.map((item) => ({ item, key: keyOf(item) })).reduce((a, b) => (b.key < a.key ? b : a)).item
}

/** FNV-1a, 32 bits. Whoever makes ids to be chosen more often gets more to carry and gains nothing. */
function mixed(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
