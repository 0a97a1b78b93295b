/**
 * The vectors of `test/vectors` against one provider, in Node and in Chromium. Every expected value comes from the files.
 */
import { decodeChainState, decodeEntry, encodeChainState, Reject, startChain } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import {
  createDeviceCert,
  createEpochSecret,
  deriveKey,
  deviceKeysOf,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  epochSecretFromBytes,
  hpkeOpen,
  hpkeSeal,
  inviteKey,
  isAcceptablePublicKey,
  joinProof,
  openBody,
  sealBody,
  verifyDeviceCert,
  verifyJoinProof,
  verifyRun,
  type CryptoProvider,
  type KeyPurpose,
} from '../src/index.ts'
import boxes from '../../../test/vectors/boxes.json' with { type: 'json' }
import certificates from '../../../test/vectors/certificates.json' with { type: 'json' }
import chains from '../../../test/vectors/chains.json' with { type: 'json' }
import epochs from '../../../test/vectors/epochs.json' with { type: 'json' }
import invites from '../../../test/vectors/invites.json' with { type: 'json' }
import sealed from '../../../test/vectors/sealed.json' with { type: 'json' }
import signatures from '../../../test/vectors/signatures.json' with { type: 'json' }
import { hex, unhex } from './bytes.ts'

/** Defines the tests for one provider. */
export function vectorsSuite(create: () => CryptoProvider | Promise<CryptoProvider>): void {
  describe('signatures', () => {
    const { rfc8032, strict } = signatures.vectors

    test.each(rfc8032)('RFC 8032, $name', async ({ secretKey, publicKey, message, signature }) => {
      const provider = await create()
      const key = provider.signingKey(unhex(secretKey))
      expect(hex(key.publicKey)).toBe(publicKey)
      expect(hex(await key.sign(unhex(message)))).toBe(signature)
      expect(await provider.verify({ publicKey: unhex(publicKey), message: unhex(message), signature: unhex(signature) })).toBe(true)
    })

    test('every engine gives the recorded verdict on what engines differ on', async () => {
      const provider = await create()
      const jobs = strict.map(({ publicKey, message, signature }) => ({
        publicKey: unhex(publicKey),
        message: unhex(message),
        signature: unhex(signature),
      }))
      const verdicts = await provider.verifyMany(jobs)
      const found = strict.map(({ name }, i) => ({
        name,
        valid: verdicts[i],
        keyAcceptable: isAcceptablePublicKey(jobs[i]?.publicKey ?? unhex('')),
      }))
      expect(found).toEqual(strict.map(({ name, valid, keyAcceptable }) => ({ name, valid, keyAcceptable })))
      for (const [i, job] of jobs.entries()) expect(await provider.verify(job)).toBe(strict[i]?.valid)
    })
  })

  describe('chain', () => {
    const { states, signed, tampered, firstPrevId } = chains.vectors
    const log = chains.vectors.entries.map(unhex)
    const author = {
      conversation: unhex(chains.vectors.conversation),
      device: unhex(chains.vectors.device),
      signKey: unhex(chains.vectors.signKey),
    }
    const stateAt = (seq: number): string | undefined => states.find((row) => row.seq === seq)?.state

    test('a run with sparse signatures verifies, whole and from recorded states on', async () => {
      const provider = await create()
      const start = startChain((bytes) => provider.sha256(bytes), author.conversation, author.device)
      expect(hex(start.prevId)).toBe(firstPrevId)
      const run = await verifyRun(provider, author, start, log, { signatures: 'required' })
      expect([run.entries.length, run.rest, hex(encodeChainState(run.state))]).toEqual([log.length, 0, stateAt(log.length)])
      for (const { seq, state } of states) {
        const rest = await verifyRun(provider, author, decodeChainState(unhex(state)), log.slice(seq))
        expect(hex(encodeChainState(rest.state))).toBe(stateAt(log.length))
      }
    })

    test('nothing beyond the last signature is certain', async () => {
      const provider = await create()
      const start = startChain((bytes) => provider.sha256(bytes), author.conversation, author.device)
      for (const length of [3, 30, 100, 254, 257, 290]) {
        const certain = (signed.findLast((seq) => seq < length) ?? -1) + 1
        const run = await verifyRun(provider, author, start, log.slice(0, length))
        expect([run.entries.length, run.rest]).toEqual([certain, length - certain])
      }
    })

    test.each(tampered)('refused: $name', async ({ changes, code }) => {
      const provider = await create()
      const changed = log.slice()
      for (const { seq, entry } of changes) changed[seq] = unhex(entry)
      const start = startChain((bytes) => provider.sha256(bytes), author.conversation, author.device)
      expect(await codeOf(verifyRun(provider, author, start, changed))).toBe(code)
    })

    test('each recorded signature verifies alone', async () => {
      const provider = await create()
      const start = startChain((bytes) => provider.sha256(bytes), author.conversation, author.device)
      for (const seq of signed) {
        expect(decodeEntry(log[seq] as Uint8Array).signature).toHaveLength(64)
        expect((await verifyRun(provider, author, start, log.slice(0, seq + 1))).state.nextSeq).toBe(seq + 1)
      }
    })
  })

  describe('certificates', () => {
    test.each(certificates.vectors.valid)('of $device', async (vector) => {
      const provider = await create()
      const keys = deviceKeysOf(provider, { signSecret: unhex(vector.signSecret), agreeSecret: unhex(vector.agreeSecret) })
      const bytes = await createDeviceCert(provider, keys, { createdMs: vector.createdMs, salt16: unhex(vector.salt) })
      expect(hex(bytes)).toBe(vector.cert)
      const cert = await verifyDeviceCert(provider, unhex(vector.cert))
      expect(cert).toEqual({
        bytes: unhex(vector.cert),
        userId: vector.user,
        deviceId: vector.device,
        signKey: unhex(vector.signKey),
        agreeKey: unhex(vector.agreeKey),
        createdMs: vector.createdMs,
        isRecovery: false,
        issuer: undefined,
      })
    })

    test.each(certificates.vectors.refused)('refused: $name', async ({ cert }) => {
      expect(await verifyDeviceCert(await create(), unhex(cert))).toBeUndefined()
    })
  })

  describe('sealed bodies and derived keys', () => {
    test.each(sealed.vectors.bodies)('$plaintext.length digits of plaintext', ({ key, nonce, aad, plaintext, sealed: body }) => {
      expect(hex(sealBody(unhex(key), unhex(nonce), unhex(aad), unhex(plaintext)))).toBe(body)
      expect(openBody(unhex(key), unhex(body), unhex(aad))).toEqual(unhex(plaintext))
    })

    test.each(sealed.vectors.refused)('refused: $name', ({ key, aad, sealed: body }) => {
      expect(openBody(unhex(key), unhex(body), unhex(aad))).toBeUndefined()
    })

    test.each(sealed.vectors.derived)('a key for $purpose', ({ secret, purpose, context, key }) => {
      expect(hex(deriveKey(unhex(secret), purpose as KeyPurpose, unhex(context)))).toBe(key)
    })
  })

  describe('boxes', () => {
    test.each(boxes.vectors.boxes)('$name', async ({ secretKey, publicKey, ephemeral, info, aad, plaintext, box }) => {
      const provider = await create()
      const key = provider.agreementKey(unhex(secretKey))
      expect(hex(key.publicKey)).toBe(publicKey)
      const options = { aad: unhex(aad), random: () => unhex(ephemeral) }
      expect(hex(await hpkeSeal(provider, unhex(publicKey), unhex(info), unhex(plaintext), options))).toBe(box)
      expect(await hpkeOpen(key, unhex(info), unhex(box), { aad: unhex(aad) })).toEqual(unhex(plaintext))
    })

    test.each(boxes.vectors.refused)('refused: $name', async ({ secretKey, info, box }) => {
      expect(await hpkeOpen((await create()).agreementKey(unhex(secretKey)), unhex(info), unhex(box))).toBeUndefined()
    })
  })

  test.each(epochs.vectors)('epoch $id', (vector) => {
    const secret = createEpochSecret(() => unhex(vector.msg))
    expect(hex(secret.ctl)).toBe(vector.ctl)
    const conversation = unhex(vector.conversation)
    expect(hex(epochSecretBytes(secret))).toBe(vector.bytes)
    expect(epochSecretFromBytes(unhex(vector.bytes))).toEqual(secret)
    expect(epochSecretFromBytes(unhex(vector.controlBytes))).toEqual({ ctl: secret.ctl })
    expect(hex(epochSecretBytes({ ctl: secret.ctl }))).toBe(vector.controlBytes)
    expect(hex(epochCommitment(secret))).toBe(vector.commitment)
    expect(hex(epochIdOf(conversation, unhex(vector.commitment)))).toBe(vector.id)
    const context = unhex(vector.conversation + vector.id)
    const derived = (purpose: KeyPurpose): string => hex(deriveKey(secret.ctl, purpose, context))
    expect(derived('ctl')).toBe(vector.controlKey)
    expect(derived('wire')).toBe(vector.wireKey)
    expect(derived('presence')).toBe(vector.presenceKey)
    expect(derived('topic')).toBe(vector.topic)
    expect(derived('topic-secret')).toBe(vector.topicSecret)
    expect(hex(deriveKey(secret.msg, 'msg', unhex(vector.conversation + vector.id + vector.device)))).toBe(vector.messageKey)
  })

  describe('invites', () => {
    test.each(invites.vectors.valid)('the key of a seed, and a proof made with it', async (vector) => {
      const [publicKey, conversation, cert] = [unhex(vector.publicKey), unhex(vector.conversation), unhex(vector.cert)]
      const invite = inviteKey(unhex(vector.seed))
      expect(hex(deriveKey(unhex(vector.seed), 'invite', unhex('')))).toBe(vector.secret)
      expect(hex(invite.publicKey)).toBe(vector.publicKey)
      expect(hex(await joinProof(invite, conversation, cert))).toBe(vector.proof)
      expect(await verifyJoinProof(await create(), publicKey, conversation, cert, unhex(vector.proof))).toBe(true)
      expect(hex(deriveKey(publicKey, 'invite', conversation))).toBe(vector.proofKey)
      expect(hex(deriveKey(publicKey, 'invite-topic', conversation))).toBe(vector.topic)
      expect(hex(deriveKey(publicKey, 'invite-topic-secret', conversation))).toBe(vector.topicSecret)
    })

    test.each(invites.vectors.refused)('refused: $name', async ({ publicKey, conversation, cert, proof }) => {
      expect(await verifyJoinProof(await create(), unhex(publicKey), unhex(conversation), unhex(cert), unhex(proof))).toBe(false)
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
