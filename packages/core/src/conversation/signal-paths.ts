/**
 * By which ways presence packets and seen slots travel: along a tree for each device, found by flooding once. A peer from whom a packet comes
 * again hears of that device from somebody else than us, so it is passed nothing more of it; the edges by which each packet came first are never
 * among those that fall silent, so all that a packet reached, the next one reaches. A change costs a packet for each member then, not one for each link.
 *
 * What breaks is told: who loses the peer that a device was heard from says `unheard` to all others, who pass on again. A device is never in the way of
 * its own packets: it gives them to every peer that it has a link to.
 */
import type { DeviceId } from '@parley/protocol'

export class SignalPaths {
  /** By device: the peer whose packet was the first of the newest. */
  readonly #sources = new Map<DeviceId, DeviceId>()
  /** By device: peers that hear of it from others than us. */
  readonly #served = new Map<DeviceId, Set<DeviceId>>()
  /** By device: peers that have got its newest packet from us. */
  readonly #passed = new Map<DeviceId, Set<DeviceId>>()

  /** A packet of `device` that is new here has come from `peer`. */
  came(device: DeviceId, peer: DeviceId | undefined): void {
    if (peer === undefined) this.#sources.delete(device)
    else this.#sources.set(device, peer)
    this.#passed.delete(device)
  }

  /** The newest packet of `device` came again, from `peer`. Returns whether it is to be given back once, so that the peer knows the same of us. */
  cameAgain(device: DeviceId, peer: DeviceId): boolean {
    const source = this.#sources.get(device)
    if (source === undefined) this.#sources.set(device, peer)
    if (source === undefined || source === peer) return false
    setOf(this.#served, device).add(peer)
    return this.#passed.get(device)?.has(peer) !== true
  }

  /** Whether `peer` needs to hear what is new of `device` from us. */
  isDue(device: DeviceId, peer: DeviceId): boolean {
    return this.mayGive(device, peer) && this.#served.get(device)?.has(peer) !== true
  }

  /** Whether `peer` can learn something by what is here of `device`: it did not come from there. */
  mayGive(device: DeviceId, peer: DeviceId): boolean {
    return device !== peer && this.#sources.get(device) !== peer
  }

  /** The newest packet of `device` goes to `peer`. */
  pass(device: DeviceId, peer: DeviceId): void {
    setOf(this.#passed, device).add(peer)
  }

  /** No link to `peer` is left. Returns the devices that were heard of from there. */
  lost(peer: DeviceId): DeviceId[] {
    for (const peers of [...this.#served.values(), ...this.#passed.values()]) peers.delete(peer)
    return this.#forget(peer, this.#sources.keys())
  }

  /** `peer` hears of these devices no more. Returns those that we have heard of from there. */
  unheard(peer: DeviceId, devices: readonly DeviceId[]): DeviceId[] {
    for (const device of devices) this.#served.get(device)?.delete(peer)
    return this.#forget(peer, devices)
  }

  /** Nothing has come of `device` for too long. Returns whether it was heard of from anybody. */
  silent(device: DeviceId): boolean {
    return this.#sources.delete(device)
  }

  #forget(peer: DeviceId, devices: Iterable<DeviceId>): DeviceId[] {
    const gone = [...devices].filter((device) => this.#sources.get(device) === peer)
    for (const device of gone) this.#sources.delete(device)
    return gone
  }
}

function setOf(sets: Map<DeviceId, Set<DeviceId>>, device: DeviceId): Set<DeviceId> {
  const known = sets.get(device) ?? new Set<DeviceId>()
  sets.set(device, known)
  return known
}
