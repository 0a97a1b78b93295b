/** Beginning a group: its genesis and first entries, durable before anybody hears of it. */
import { createEpochSecret, epochCommitment } from '@parley/crypto'
import { conversationIdOf, conversationIdOfGenesis, encodeControl, type ControlPayload, type HistoryPolicy } from '@parley/protocol'
import type { Metadata } from '../api.ts'
import type { Context } from '../context.ts'
import { AVATAR, TITLE } from '../replica/control-content.ts'
import type { ConversationRecord } from '../replica/record.ts'
import { Replica } from '../replica/replica.ts'
import { checkMetadata, checkText } from './arguments.ts'

/** Longest title, in characters; an avatar URL may be a small `data:` image. */
const MAX_TITLE = 200
const MAX_AVATAR = 16_384

/** What a group begins with. */
export interface GroupInit {
  title?: string
  avatar?: string
  metadata?: Metadata
  /** What newcomers can read; `full` unless told. */
  history?: HistoryPolicy
}

/** Founds a group as this user, who is called `profile`. @throws {ParleyError} InvalidArgument, InvalidMetadata */
export async function foundGroup(context: Context, init: GroupInit, profile: { name: string; avatar: string }): Promise<Replica> {
  const { random, crypto, me, clock } = context
  const title = checkText(init.title ?? '', 'title', MAX_TITLE)
  const avatar = checkText(init.avatar ?? '', 'avatar', MAX_AVATAR)
  const metadata = checkMetadata(init.metadata ?? {})
  const secret = createEpochSecret((n) => random.bytes(n))
  const genesis = encodeControl({
    op: 'genesis',
    founderCert: me.cert,
    salt: random.bytes(32),
    epochCommitment: epochCommitment(secret),
    history: init.history ?? 'full',
  })
  const id = conversationIdOf(conversationIdOfGenesis((b) => crypto.sha256(b), genesis))
  const sealed: ControlPayload[] = [{ op: 'profile', name: profile.name, avatar: profile.avatar }]
  if (title !== '' || avatar !== '') sealed.push({ op: 'metadata', scope: 'conversation', values: { [TITLE]: title, [AVATAR]: avatar } })
  if (Object.keys(metadata).length > 0) sealed.push({ op: 'metadata', scope: 'application', values: metadata })
  const record: ConversationRecord = { state: 'member', seed: undefined, hints: [], refusal: undefined, since: clock.now() }
  const replica = new Replica(context, id, record)
  await replica.load()
  await replica.found(genesis, secret, sealed)
  return replica
}
