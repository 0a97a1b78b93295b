/** Where members and those who were invited meet: what a device looks for at the meeting points for the sake of one conversation. */
import { deriveKey, inviteKey, type MeetingKeys } from '@parley/crypto'
import { toBase32, toBase64Url, type DeviceId } from '@parley/protocol'
import type { Invite } from '../membership/index.ts'
import type { Epoch } from '../replica/epochs.ts'
import type { Replica } from '../replica/replica.ts'
import type { Topic } from '../transport.ts'
import { PROVED_EPOCHS } from './handshake.ts'

/** Invites that we wait at for joiners, per conversation (SECURITY-DESIGN 5.12: open invites). */
const MAX_INVITE_TOPICS = 100
/** The same for invites that are used up or have expired. */
const MAX_CLOSED_INVITE_TOPICS = 8

/** Epochs before the newest ones that we wait at, per conversation: each is one more subscription at every meeting point. */
const MAX_OLDER_TOPICS = 8

/** Where those meet who hold the same secret. */
export function meetingTopic({ topic, topicSecret }: MeetingKeys): Topic {
  return { name: toBase64Url(topic), secret: toBase64Url(topicSecret) }
}

/** Whether this device is in, or may still be let in: a refusal proves nothing, so who was refused goes on asking. */
export function isWanted({ record: { state, seed } }: Replica): boolean {
  return state === 'member' || state === 'joining' || (state === 'refused' && seed !== undefined)
}

/** Where a conversation's members, and those who were invited, meet. */
export function topicsOf(replica: Replica, me: DeviceId, now: number): Topic[] {
  const { seed, state } = replica.record
  if ((state === 'joining' || state === 'refused') && seed !== undefined) return [inviteTopic(replica, inviteKey(seed).publicKey)]
  const topics = epochsOf(replica, me).map((e) => e.topic)
  // Who has left tells so; who was removed may be let in again.
  if (state === 'left' || state === 'removed') return topics
  if (state !== 'member') return []
  const isOpen = (i: Invite): boolean => !i.isRevoked && i.used < i.maxUses && i.expiresMs > now
  const open = replica.invites().filter(isOpen).slice(-MAX_INVITE_TOPICS)
  // Who comes late with a link that admits nobody more is told so.
  const over = replica
    .invites()
    .filter((i) => !isOpen(i))
    .slice(-MAX_CLOSED_INVITE_TOPICS)
  return [...topics, ...[...open, ...over].map((i) => inviteTopic(replica, i.publicKey))]
}

/**
 * The newest epochs, and those under which devices of members, this one included, spoke last: who was away while the key changed more often than that
 * looks for the others there, and is waited for there.
 */
function epochsOf({ controls, epochs, log }: Replica, me: DeviceId): Epoch[] {
  const [newest, older] = [epochs.all().slice(0, PROVED_EPOCHS), epochs.all().slice(PROVED_EPOCHS)]
  if (older.length === 0) return newest
  const last = new Set<string>()
  for (const [device, { isActive }] of controls.membership.devices) {
    const epoch = isActive || device === me ? log.lastEpoch(device) : undefined
    if (epoch !== undefined) last.add(toBase32(epoch))
  }
  return [...newest, ...older.filter(({ id }) => last.has(toBase32(id))).slice(0, MAX_OLDER_TOPICS)]
}

function inviteTopic(replica: Replica, publicKey: Uint8Array): Topic {
  return {
    name: toBase64Url(deriveKey(publicKey, 'invite-topic', replica.bytes)),
    secret: toBase64Url(deriveKey(publicKey, 'invite-topic-secret', replica.bytes)),
  }
}
