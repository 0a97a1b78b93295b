/**
 * y-webrtc keeps its rooms in one map per page and throws, where nobody can catch it, when a name is opened twice. So whoever wants a room
 * takes a lease of its name first, and waits while another one has it: an earlier life of the same transport, or a second one in this page.
 */
const leases = new Map<string, Promise<void>>()

/** Resolves once the name is free, with the function that frees it again. */
export async function leaseRoom(name: string): Promise<() => void> {
  const before = leases.get(name)
  const { promise, resolve } = Promise.withResolvers<void>()
  const lease = (before ?? Promise.resolve()).then(() => promise)
  leases.set(name, lease)
  await before
  return () => {
    if (leases.get(name) === lease) leases.delete(name)
    resolve()
  }
}
