/** Direct conversations: which one two people have, how it begins, and what its second person says first. */
import { createEpochSecret, epochCommitment, epochIdOf, epochSecretBytes, hpkeSealMany, type DeviceCert } from '@parley/crypto'
import {
  compareBytes,
  concatBytes,
  conversationIdOf,
  conversationIdOfDirect,
  deviceIdBytes,
  encodeControl,
  ParleyError,
  userIdBytes,
  type ControlPayload,
  type ConversationId,
  type UserId,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ConversationRecord } from '../replica/record.ts'
import { Replica } from '../replica/replica.ts'

/** The conversation that this user has with another, whoever of the two begins it. */
export function directIdOf({ crypto, me }: Context, user: UserId): ConversationId {
  return conversationIdOf(conversationIdOfDirect((bytes) => crypto.sha256(bytes), userIdBytes(me.userId), userIdBytes(user)))
}

/** Begins the conversation with the user of these devices: its first entries are durable once this resolves. */
export async function foundDirect(
  context: Context,
  init: { user: UserId; certs: readonly DeviceCert[]; hints: readonly string[]; profile: { name: string; avatar: string } },
): Promise<Replica> {
  const { crypto, random, clock, me } = context
  const { user, certs, hints, profile } = init
  const record: ConversationRecord = { state: 'member', seed: undefined, hints, refusal: undefined, since: clock.now(), peer: user }
  const replica = new Replica(context, directIdOf(context, user), record)
  await replica.load()
  const secret = createEpochSecret((n) => random.bytes(n))
  const commitment = epochCommitment(secret)
  const epoch = epochIdOf(replica.bytes, commitment)
  const recipients = certs.map(({ deviceId, agreeKey }) => ({
    publicKey: agreeKey,
    info: concatBytes(replica.bytes, epoch, deviceIdBytes(deviceId)),
  }))
  const sealed = await hpkeSealMany(crypto, recipients, epochSecretBytes(secret), { random: (n) => random.bytes(n) })
  const boxes = certs
    .map(({ deviceId }, i) => ({ device: deviceIdBytes(deviceId), box: sealed[i] as Uint8Array }))
    .sort((a, b) => compareBytes(a.device, b.device))
  const direct = encodeControl({ op: 'direct', peer: userIdBytes(user), cert: me.cert, epochCommitment: commitment, boxes })
  await replica.found(direct, secret, [{ op: 'profile', name: profile.name, avatar: profile.avatar }])
  return replica
}

/**
 * What this user says first in a direct conversation that the other began: that they take part, under the same epoch. Nothing of a group.
 * @throws {ParleyError} NotAllowed while no key is here.
 */
export function answerTo({ record, epochs }: Replica, { me }: Context): ControlPayload[] {
  const { peer } = record
  if (peer === undefined) return []
  const { current } = epochs
  if (current === undefined)
    throw new ParleyError('NotAllowed', 'the key of this conversation has not come yet; try again once they are online')
  return [{ op: 'direct', peer: userIdBytes(peer), cert: me.cert, epochCommitment: epochCommitment(current.secret), boxes: [] }]
}
