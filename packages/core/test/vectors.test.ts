/**
 * The vectors of `test/vectors` that need the core: the handshake, presence packets, seen slots. Every expected value comes from the files.
 */
import { inviteKey, joinProof, nobleProvider, type CryptoProvider } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { encodeLinkMessage, Reject } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import handshake from '../../../test/vectors/handshake.json' with { type: 'json' }
import signals from '../../../test/vectors/signals.json' with { type: 'json' }
import { Handshake, proofsOf, type Proof } from '../src/network/handshake.ts'
import { makePresence, makeSlot, readPresence, readSlot } from '../src/conversation/signals.ts'
import { sessionHandle } from '../src/network/sync.ts'
import { certOf, contextOf, hex, replicaOf, unhex } from './vectors-cast.ts'

describe('noble', () => {
  suite(nobleProvider)
})
describe('node', () => {
  suite(nodeProvider)
})

function suite(create: () => CryptoProvider): void {
  const provider = create()

  /** Alice, a member, and bob, who holds an invite, after their hellos. */
  async function met() {
    const { alice, bob, binding, seed } = handshake.vectors
    const hers = new Handshake(await contextOf(provider, alice), unhex(binding))
    const his = new Handshake(await contextOf(provider, bob), unhex(binding))
    const hellos = [hers, his].map((end) => hex(encodeLinkMessage(end.hello)))
    hers.meet(his.hello)
    his.meet(hers.hello)
    const { publicKey } = inviteKey(unhex(seed))
    const [member, invite] = proofsOf(replicaOf({ ...handshake.vectors, seed: unhex(seed), invites: [{ publicKey }] })) as [Proof, Proof]
    // After what proves that they were in before.
    const join = proofsOf(replicaOf({ ...handshake.vectors, seed: unhex(seed), state: 'joining' })).at(-1) as Proof
    return { hers, his, hellos, member, invite, join }
  }

  describe('handshake', () => {
    const { vectors } = handshake

    test('hellos, transcript, handle and tags', async () => {
      const { hers, his, hellos, member, invite, join } = await met()
      expect(hellos).toEqual([vectors.alice.hello, vectors.bob.hello])
      const transcript = hers.transcript ?? unhex('')
      expect(hex(transcript)).toBe(vectors.transcript)
      expect(hex(his.transcript ?? unhex(''))).toBe(vectors.transcript)
      expect(hex(sessionHandle((bytes) => provider.sha256(bytes), transcript, unhex(vectors.conversation)))).toBe(vectors.handle)
      expect([hers.tag(member, 'mine'), his.tag(member, 'theirs')].map(hex)).toEqual(Array(2).fill(vectors.tags.member.alice))
      expect([his.tag(member, 'mine'), hers.tag(member, 'theirs')].map(hex)).toEqual(Array(2).fill(vectors.tags.member.bob))
      expect([hers.tag(invite, 'mine'), his.tag(join, 'theirs')].map(hex)).toEqual(Array(2).fill(vectors.tags.invite.alice))
      expect([his.tag(join, 'mine'), hers.tag(invite, 'theirs')].map(hex)).toEqual(Array(2).fill(vectors.tags.invite.bob))
    })

    test('identity: written by alice, read by bob', async () => {
      const { hers, his, member } = await met()
      expect(hex(await hers.identity(member))).toBe(vectors.identity)
      const { cert, session } = await his.readIdentity(member, unhex(vectors.identity))
      expect([hex(cert.bytes), hex(session)]).toEqual([vectors.alice.cert, vectors.alice.session])
    })

    test('join request: written by bob, read by alice', async () => {
      const { hers, his, invite, join } = await met()
      const proof = await joinProof(inviteKey(unhex(vectors.seed)), unhex(vectors.conversation), unhex(vectors.bob.cert))
      expect(hex(await his.request(join, proof))).toBe(vectors.request)
      const read = await hers.readRequest(invite, unhex(vectors.request))
      expect([hex(read.cert.bytes), read.joinProof]).toEqual([vectors.bob.cert, proof])
    })

    test.each(vectors.refused)('identity refused: $name', async ({ sealed, code }) => {
      const { his, member } = await met()
      expect(await codeOf(his.readIdentity(member, unhex(sealed)))).toBe(code)
    })
  })

  describe('signals', () => {
    const { vectors } = signals
    const read = { presence: readPresence, slot: readSlot }

    async function here() {
      const members = [await certOf(provider, vectors.author.cert), await certOf(provider, vectors.other)]
      return {
        context: await contextOf(provider, vectors.author),
        replica: replicaOf({ ...vectors, members }),
        author: members[0]?.deviceId,
      }
    }

    test('a presence packet and a slot', async () => {
      const { context, replica, author } = await here()
      const { packet, ...state } = vectors.presence
      expect(hex(await makePresence(context, replica, state))).toBe(packet)
      const key = unhex(vectors.slot.key)
      expect(hex(await makeSlot(context, replica, { version: vectors.slot.version, key }))).toBe(vectors.slot.packet)
      expect(await readPresence(context, replica, unhex(packet))).toMatchObject({ ...state, device: author })
      expect(await readSlot(context, replica, unhex(vectors.slot.packet))).toEqual({ device: author, version: vectors.slot.version, key })
    })

    test.each(vectors.refused)('$kind refused: $name', async ({ kind, packet, code }) => {
      const { context, replica } = await here()
      expect(await codeOf(read[kind as 'slot'](context, replica, unhex(packet)))).toBe(code)
    })
  })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'accepted'
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
}
