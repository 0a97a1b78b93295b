/** Vectors of what `packages/core` says on a link beyond plain messages: the handshake, presence packets, seen slots. */
import { createDeviceCert, createEpochSecret, deviceKeysOf, inviteKey, joinProof, verifyDeviceCert, type DeviceCert } from '@parley/crypto'
import { concatBytes, conversationIdOf, decodeCbor, deviceIdBytes, encodeCbor, encodeLinkMessage, type CborValue } from '@parley/protocol'
import type { Context } from '../../../packages/core/src/context.ts'
import { EpochKeys } from '../../../packages/core/src/replica/epochs.ts'
import { Handshake, proofsOf, type Proof } from '../../../packages/core/src/network/handshake.ts'
import type { Replica } from '../../../packages/core/src/replica/replica.ts'
import { makePresence, makeSlot } from '../../../packages/core/src/conversation/signals.ts'
import { sessionHandle } from '../../../packages/core/src/network/sync.ts'
import { bytesOf, conversation, hash, hex, provider, START_MS, withByte, type Json } from './seed.ts'

interface Person {
  readonly name: string
  readonly cert: DeviceCert
  readonly context: Context
  /** What `random` gave, in its order. */
  readonly random: string[]
}

async function person(name: string): Promise<Person> {
  const keys = deviceKeysOf(provider, { signSecret: bytesOf(`${name} signs`, 32), agreeSecret: bytesOf(`${name} agrees`, 32) })
  const bytes = await createDeviceCert(provider, keys, { createdMs: START_MS, salt16: bytesOf(`${name} salt`, 16) })
  const cert = await verifyDeviceCert(provider, bytes)
  if (cert === undefined) throw new Error('the certificate does not hold')
  const random: string[] = []
  const next = (length: number): Uint8Array => {
    const given = bytesOf(`${name} random ${random.length}`, length)
    random.push(hex(given))
    return given
  }
  const me = { ...cert, cert: bytes, deviceBytes: deviceIdBytes(cert.deviceId), keys, session: bytesOf(`${name} session`, 8) }
  return { name, cert, random, context: { crypto: provider, random: { bytes: next }, me } as unknown as Context }
}

const epochs = new EpochKeys(conversation)
const secret = createEpochSecret((length) => bytesOf('msg 0', length))
epochs.choose(epochs.add(secret).id, [])
const seed = bytesOf('seed', 32)

function replica(state: 'member' | 'joining', members: readonly Person[]): Replica {
  const devices = new Map(members.map(({ cert }) => [cert.deviceId, { user: cert.userId, cert }]))
  const invites = [{ ref: 'invite', publicKey: inviteKey(seed).publicKey }]
  return { id: conversationIdOf(conversation), bytes: conversation, epochs, record: { state, seed }, invites: () => invites, controls: { membership: { devices } } } as unknown as Replica
}

const described = ({ name, cert, context: { me } }: Person): Record<string, Json> => ({
  signSecret: hex(bytesOf(`${name} signs`, 32)),
  agreeSecret: hex(bytesOf(`${name} agrees`, 32)),
  cert: hex(cert.bytes),
  session: hex(me.session),
})

export async function handshakes(): Promise<Json> {
  const [alice, bob] = [await person('alice'), await person('bob')]
  const binding = bytesOf('binding', 64)
  const [hers, his] = [new Handshake(alice.context, binding), new Handshake(bob.context, binding)]
  hers.meet(his.hello)
  his.meet(hers.hello)
  const [member, invite] = proofsOf(replica('member', [])) as [Proof, Proof]
  const join = proofsOf(replica('joining', [])).find(({ kind }) => kind === 'join') as Proof
  const transcript = hers.transcript as Uint8Array
  const identity = await hers.identity(member)
  const request = await his.request(join, await joinProof(inviteKey(seed), conversation, bob.cert.bytes))
  return {
    conversation: hex(conversation),
    epoch: { ctl: hex(secret.ctl), msg: hex(secret.msg) },
    seed: hex(seed),
    binding: hex(binding),
    alice: { ...described(alice), random: alice.random, hello: hex(encodeLinkMessage(hers.hello)) },
    bob: { ...described(bob), random: bob.random, hello: hex(encodeLinkMessage(his.hello)) },
    transcript: hex(transcript),
    handle: hex(sessionHandle(hash, transcript, conversation)),
    tags: {
      member: { alice: hex(hers.tag(member, 'mine')), bob: hex(his.tag(member, 'mine')) },
      invite: { alice: hex(hers.tag(invite, 'mine')), bob: hex(his.tag(join, 'mine')) },
    },
    identity: hex(identity),
    request: hex(request),
    refused: [
      { name: 'a bit of the ciphertext', sealed: hex(withByte(identity, 30, (byte) => byte ^ 1)), code: 'BadCipher' },
      { name: 'cut off', sealed: hex(identity.slice(0, -1)), code: 'BadCipher' },
      { name: 'shorter than nonce and tag', sealed: '00', code: 'BadCipher' },
      { name: 'sealed by the end that reads it', sealed: hex(await his.identity(member)), code: 'BadCipher' },
      { name: 'a request', sealed: hex(await hers.request(member, bytesOf('proof', 64))), code: 'BadShape' },
    ],
  }
}

export async function signals(): Promise<Json> {
  const [alice, bob] = [await person('alice'), await person('bob')]
  const here = replica('member', [alice, bob])
  const state = { counter: 7, ms: START_MS, online: true, typing: false }
  const slot = { version: 3, key: concatBytes(bytesOf('clock and id', 24), bytesOf('device', 16), bytesOf('seq', 4)) }
  const presence = await makePresence(alice.context, here, state)
  const seen = await makeSlot(alice.context, here, slot)
  const changed = (packet: Uint8Array, at: number, value: CborValue): string => hex(encodeCbor((decodeCbor(packet) as CborValue[]).with(at, value)))
  return {
    conversation: hex(conversation),
    epoch: { ctl: hex(secret.ctl), msg: hex(secret.msg) },
    author: { ...described(alice), random: alice.random },
    other: hex(bob.cert.bytes),
    presence: { ...state, packet: hex(presence) },
    slot: { version: slot.version, key: hex(slot.key), packet: hex(seen) },
    refused: [
      { kind: 'presence', name: 'another author', packet: changed(presence, 1, bob.context.me.deviceBytes), code: 'BadSignature' },
      { kind: 'presence', name: 'an unknown author', packet: changed(presence, 1, bytesOf('stranger', 16)), code: 'UnknownDevice' },
      { kind: 'presence', name: 'an unknown epoch', packet: changed(presence, 0, bytesOf('elsewhere', 16)), code: 'UnknownDevice' },
      { kind: 'presence', name: 'another counter', packet: changed(presence, 3, 8), code: 'BadSignature' },
      { kind: 'presence', name: 'another time', packet: changed(presence, 4, START_MS + 1), code: 'BadSignature' },
      { kind: 'presence', name: 'a slot', packet: hex(seen), code: 'BadShape' },
      { kind: 'presence', name: 'a byte after the end', packet: `${hex(presence)}00`, code: 'BadShape' },
      { kind: 'slot', name: 'another version', packet: changed(seen, 2, 4), code: 'BadSignature' },
      { kind: 'slot', name: 'a signature of 63 bytes', packet: changed(seen, 4, bytesOf('signature', 63)), code: 'BadShape' },
      { kind: 'slot', name: 'a presence packet', packet: hex(presence), code: 'BadShape' },
      { kind: 'slot', name: 'nothing', packet: '', code: 'BadShape' },
    ],
  }
}
