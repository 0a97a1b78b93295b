/** What must be true when everything has healed and time has passed. */
import { deviceIdOf, messageIdParts } from '@parley/protocol'
import { countedEntries } from './naive-fold.ts'
import type { SimPeer } from './sim-peer.ts'
import type { Shown } from './invariants.ts'
import type { World } from './world.ts'

/** Compares all peers, and each of them with what it promised. Returns what all of them show, as text. */
export async function checkEnd(world: World, shown: readonly Shown[]): Promise<string> {
  for (const peer of world.present()) {
    if (!shown.some((one) => one.peer === peer))
      world.violate('I2', `${peer.name} has not come back (${peer.condition}, ${peer.conversation?.state})`)
  }
  // A frozen device may keep entries that nobody else takes in any more; everybody else must be equal.
  const equals = shown.filter(({ peer }) => !world.ledger.isForked(peer.deviceId))
  const [first] = equals
  if (first === undefined) return ''
  for (const one of equals) {
    if (one.expected.held !== first.expected.held)
      world.violate(
        'I3',
        `${one.peer.name} and ${first.peer.name} do not hold the same in the end:\n  ${one.expected.held}\n  ${first.expected.held}`,
      )
  }
  checkComplete(world, shown)
  checkForks(world, shown)
  for (const { peer } of equals) {
    const lost = peer.held.entries.size - countedEntries(world.ledger, peer.held).size
    if (lost > 0) world.violate('I3', `${peer.name} has accepted ${lost} entries of forked devices that it does not show in the end`)
  }
  checkOut(world)
  const seenBy: string[][] = []
  for (const { peer, vector } of equals) {
    await checkStates(world, peer, shown)
    const lines = await checkSeen(world, peer)
    // Who came when there was no history for newcomers shows less of it.
    if (vector === first.vector) seenBy.push(lines)
  }
  const [agreed = []] = seenBy
  for (const [index, lines] of seenBy.entries()) {
    const at = lines.findIndex((line, place) => line !== agreed[place])
    if (at < 0) continue
    world.violate(
      'I2',
      `${equals[index]?.peer.name} and ${first.peer.name} do not agree on who has seen what: ${lines[at]} instead of ${agreed[at]}`,
    )
  }
  for (const { peer, expected } of equals) checkAnnounced(world, peer, expected.messages)
  return `${first.vector}\n${first.text}\n${agreed.join('\n')}`
}

/** I3: every entry that anybody here holds is everywhere; only what a forked device wrote may be nowhere but with those who are frozen, too. */
function checkComplete(world: World, shown: readonly Shown[]): void {
  for (const { peer: owner, expected } of shown) {
    for (const entry of owner.held.entries.keys()) {
      // A frozen device has no say any more in what counts of a fork.
      if (world.ledger.isForked(owner.deviceId) && world.ledger.isForked(entry.device)) continue
      // What was written by somebody who was out by then is of use to nobody.
      if (entry.seq >= (expected.membership.devices.get(entry.device)?.spans.at(-1)?.to ?? 0)) continue
      for (const { peer } of shown)
        if (!peer.held.entries.has(entry))
          world.violate('I3', `${peer.name} lacks entry ${entry.seq} of ${entry.device}, which ${owner.name} holds`)
    }
  }
}

/** Where two histories of a device have met, everybody has the proof; where there is one, nobody has. */
function checkForks(world: World, shown: readonly Shown[]): void {
  for (const device of new Set(world.peers.flatMap(({ deviceId }) => deviceId ?? []))) {
    const provers = shown.filter(({ peer }) => peer.held.hasProof(device))
    if (provers.length > 0 && !world.ledger.isForked(device))
      world.violate('I3', `${provers[0]?.peer.name} holds a proof of a fork of ${device}, which never forked`)
    const haveMet = shown.some(({ peer }) => peer.deviceId !== device && peer.held.hasFork(device))
    if (provers.length < (haveMet || provers.length > 0 ? shown.length : 0))
      world.violate('I3', `${provers.length} of ${shown.length} peers hold the proof of the fork of ${device}`)
  }
}

/** Who is out has heard of it, unless they shut their ears. */
function checkOut(world: World): void {
  const present = new Set(world.present())
  for (const peer of world.peers)
    if (peer.isMember && !present.has(peer) && !peer.isDeaf && !peer.isGone)
      world.violate('I4', `${peer.name} is out in the end and does not know it`)
}

/** Everybody is online and connected, and everything has been delivered. */
async function checkStates(world: World, peer: SimPeer, shown: readonly Shown[]): Promise<void> {
  const { conversation } = peer
  if (conversation === undefined) return
  const here = new Set(shown.map((one) => one.peer.user))
  for (const member of conversation.members())
    if (member.status !== 'ONLINE' && here.has(member.id)) world.violate('API', `${peer.name} takes ${member.name} for offline in the end`)
  const { phase, peers } = conversation.syncState
  if (phase !== 'live' || peers < shown.length - 1) world.violate('API', `${peer.name} is ${phase} with ${peers} peers in the end`)
  if (peer.isSuspect) return
  const { messages } = await conversation.getMessages()
  for (const { id, state } of messages) {
    // How far it has come is known to the device that wrote it.
    if (deviceIdOf(messageIdParts(id).device) !== peer.deviceId) continue
    if (state === 'stored' || state === 'sent')
      world.violate('API', `${peer.name} takes the own message ${id} for ${state} only in the end`)
  }
}

/** Who has seen the newest messages; at least what `seen` has promised. */
async function checkSeen(world: World, peer: SimPeer): Promise<string[]> {
  const { conversation } = peer
  if (conversation === undefined) return []
  const pages = (await conversation.getMessages()).totalPages
  const lines: string[] = []
  const seen = new Map<string, number>()
  for (let page = pages; page >= 1; page--) {
    for (const message of (await conversation.getMessages(page)).messages) {
      for (const user of message.seenBy) seen.set(user, lines.length)
      lines.push(`${message.id} ${[...message.seenBy].sort().join(' ')}`)
    }
  }
  for (const viewer of world.peers) {
    if (viewer.isSuspect || !viewer.isMember || viewer.isDeaf) continue
    const user = viewer.parley?.me.id
    const place = Math.max(
      -1,
      ...viewer.seen.map((id) => lines.findIndex((line) => line.startsWith(id) && user !== undefined && authorIsNot(world, id, viewer))),
    )
    if (user !== undefined && place >= 0 && (seen.get(user) ?? -1) < place) {
      world.violate('API', `${peer.name} does not know that ${viewer.name} has seen ${lines[place]?.slice(0, 58)}`)
    }
  }
  return lines
}

/** A user does not count among those who have seen their own message. */
function authorIsNot(world: World, id: string, viewer: SimPeer): boolean {
  return !world.ledger
    .posts()
    .some(({ said, device }) => said.what === 'post' && said.id === id && world.ledger.userOf(device) === viewer.user)
}

/**
 * Every message of others that came in this run and is shown has been announced, and none besides: what went was told of as gone. Unless it went while the
 * disk was full: the fold then begins anew, and what was shown before is not known any more.
 */
function checkAnnounced(world: World, peer: SimPeer, messages: Shown['expected']['messages']): void {
  const shown = new Set(messages.map(({ id }) => id))
  for (const id of peer.announced)
    if (!shown.has(id) && !peer.disk.wasFull) world.violate('API', `${peer.name} was never told that message ${id} is gone`)
  for (const post of world.ledger.posts()) {
    if (post.said.what !== 'post' || post.device === peer.deviceId || peer.heldAtStart.has(post)) continue
    const { id } = post.said
    if (shown.has(id) && !peer.announced.has(id)) world.violate('API', `${peer.name} was never told of message ${id}`)
  }
}
