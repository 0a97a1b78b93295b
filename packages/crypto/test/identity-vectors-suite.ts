/**
 * The vectors of devices, recovery, comparisons, cards, codes and wrapped secrets against one provider, in Node and in Chromium.
 */
import { encodeContactCard, parseContactCard, parseDeviceLink, type UserId } from '@parley/protocol'
import { describe, expect, test } from 'vitest'
import {
  certChainOf,
  createContactCard,
  createDeviceCert,
  createEpochSecret,
  createRecoveryPhrase,
  deviceKeysOf,
  deviceLinkKeys,
  epochCommitment,
  epochIdOf,
  inboxKeys,
  issueDeviceCert,
  readContactCard,
  recoverySecretsOf,
  safetyNumber,
  ShortCodeExchange,
  unwrapSecret,
  verifyCertChain,
  wrapSecret,
  type CryptoProvider,
  type MeetingKeys,
} from '../src/index.ts'
import comparisons from '../../../test/vectors/comparisons.json' with { type: 'json' }
import contactCards from '../../../test/vectors/contact-cards.json' with { type: 'json' }
import deviceChains from '../../../test/vectors/device-chains.json' with { type: 'json' }
import deviceLinks from '../../../test/vectors/device-links.json' with { type: 'json' }
import recovery from '../../../test/vectors/recovery.json' with { type: 'json' }
import wrappedSecrets from '../../../test/vectors/wrapped-secrets.json' with { type: 'json' }
import { hex, unhex } from './bytes.ts'

const hexOf = ({ proof, topic, topicSecret }: MeetingKeys) => ({ proof: hex(proof), topic: hex(topic), topicSecret: hex(topicSecret) })

/** Defines the tests for one provider. */
export function identityVectorsSuite(create: () => CryptoProvider | Promise<CryptoProvider>): void {
  describe('device chains', () => {
    const { people, user, salt, chains, refused } = deviceChains.vectors
    const keysOf = (provider: CryptoProvider, index: number) => {
      const { signSecret, agreeSecret } = people[index] as (typeof people)[number]
      return deviceKeysOf(provider, { signSecret: unhex(signSecret.hex), agreeSecret: unhex(agreeSecret.hex) })
    }

    test('are made as recorded', async () => {
      const provider = await create()
      const [root, ...others] = people
      expect(hex(await createDeviceCert(provider, keysOf(provider, 0), { createdMs: root!.createdMs, salt16: unhex(salt) }))).toBe(
        root!.cert,
      )
      const certs =
        (await verifyCertChain(
          provider,
          people.map(({ cert }) => unhex(cert)),
        )) ?? []
      for (const [i, { issuer, createdMs, isRecovery, cert }] of others.entries()) {
        const by = certs.findIndex(({ deviceId }) => deviceId === issuer)
        const made = { keys: keysOf(provider, by), cert: certs[by]! }
        expect(hex(await issueDeviceCert(provider, made, keysOf(provider, i + 1), { createdMs, isRecovery }))).toBe(cert)
      }
    })

    test('say what they were made from, and prove each device', async () => {
      const provider = await create()
      const certs =
        (await verifyCertChain(
          provider,
          people.map(({ cert }) => unhex(cert)),
        )) ?? []
      expect(
        certs.map(({ deviceId, issuer, isRecovery, createdMs, userId }) => [deviceId, issuer ?? null, isRecovery, createdMs, userId]),
      ).toEqual(people.map(({ device, issuer, isRecovery, createdMs }) => [device, issuer, isRecovery, createdMs, user]))
      for (const chain of chains) {
        const found = await verifyCertChain(provider, chain.map(unhex))
        expect(found?.map(({ bytes }) => hex(bytes))).toEqual(chain)
      }
      const path = certChainOf(certs[2]!, (device) => certs.find(({ deviceId }) => deviceId === device))
      expect(path?.map(hex)).toEqual(chains[2])
    })

    test.each(refused)('refused: $name', async ({ chain }) => {
      expect(await verifyCertChain(await create(), chain.map(unhex))).toBeUndefined()
    })
  })

  describe('recovery phrases', () => {
    const { phrases, refused } = recovery.vectors

    test.each(phrases)('$phrase', ({ entropy, phrase, signSecret, agreeSecret }) => {
      expect(createRecoveryPhrase(() => unhex(entropy)).join(' ')).toBe(phrase)
      const secrets = recoverySecretsOf(phrase)
      expect([hex(secrets.signSecret), hex(secrets.agreeSecret)]).toEqual([signSecret.hex, agreeSecret.hex])
    })

    test.each(refused)('refused: $name', ({ phrase }) => {
      expect(() => recoverySecretsOf(phrase)).toThrow(expect.objectContaining({ code: 'PhraseInvalid' }) as Error)
    })
  })

  describe('comparisons', () => {
    const { safetyNumbers, shortCode } = comparisons.vectors

    test.each(safetyNumbers)('the safety number $number', async ({ parties, number }) => {
      const provider = await create()
      const [one, other] = parties.map(({ user, rootKeys }) => ({ userId: user as UserId, rootKeys: rootKeys.map(unhex) }))
      expect(await safetyNumber((bytes) => provider.sha256(bytes), one!, other!)).toBe(number)
    })

    test('a short code at both ends', () => {
      const [zero, one] = ([0, 1] as const).map(
        (side) => new ShortCodeExchange({ transcript: unhex(shortCode.transcript), side, nonce: unhex(shortCode.nonces[side]!) }),
      ) as [ShortCodeExchange, ShortCodeExchange]
      expect([hex(zero.commitment), hex(one.commitment)]).toEqual(shortCode.commitments)
      const nonces = [zero.reveal(one.commitment), one.reveal(zero.commitment)]
      expect(nonces.map(hex)).toEqual(shortCode.nonces)
      expect([zero.finish(nonces[1]!), one.finish(nonces[0]!)]).toEqual([shortCode.code, shortCode.code])
    })
  })

  describe('contact cards', () => {
    const { cards, user, inbox, refused, untrue } = contactCards.vectors

    test.each(cards)('$name', async ({ text, value }) => {
      const provider = await create()
      const card = await readContactCard(provider, text)
      expect(card.userId).toBe(user)
      expect([card.name, card.hints, hex(card.secret)]).toEqual([value.name, value.hints, value.secret.hex])
      expect(card.devices.map(({ bytes }) => hex(bytes))).toEqual(value.certs.map((cert) => cert.hex))
      expect(card.signer).toEqual(card.devices[value.signer])
      expect(hexOf(inboxKeys(card.userId, card.secret))).toEqual(inbox)
      expect(encodeContactCard(parseContactCard(text))).toBe(text)
      const { signSecret, agreeSecret } = deviceChains.vectors.people.find(({ device }) => device === card.signer.deviceId)!
      const keys = deviceKeysOf(provider, { signSecret: unhex(signSecret.hex), agreeSecret: unhex(agreeSecret.hex) })
      const { name, hints, secret } = card
      const certs = card.devices.map(({ bytes }) => bytes)
      expect(await createContactCard({ keys, cert: card.signer }, { certs, name, secret, hints })).toBe(text)
    })

    test.each([...refused, ...untrue])('refused: $name', async ({ text }) => {
      await expect(readContactCard(await create(), text)).rejects.toMatchObject({ code: 'CardInvalid' })
    })
  })

  test.each(deviceLinks.vectors.links)('the keys of $text', ({ text, keys }) => {
    expect(hexOf(deviceLinkKeys(parseDeviceLink(text)))).toEqual(keys)
  })

  describe('wrapped secrets', () => {
    const { vectors } = wrappedSecrets
    const [secret, parent] = [vectors.secret, vectors.parent].map(({ msg }) => createEpochSecret(() => unhex(msg)))
    const placeOf = ({ conversation, epoch, parent: of }: typeof vectors.place) => ({
      conversation: unhex(conversation.hex),
      epoch: unhex(epoch.hex),
      parent: unhex(of.hex),
    })

    test('are made and opened as recorded', () => {
      const place = placeOf(vectors.place)
      expect([secret, parent].map((one) => hex(one!.ctl))).toEqual([vectors.secret.ctl, vectors.parent.ctl])
      expect([secret, parent].map((one) => hex(epochIdOf(place.conversation, epochCommitment(one!))))).toEqual([
        vectors.place.epoch.hex,
        vectors.place.parent.hex,
      ])
      let made = 0
      const wrapped = wrapSecret(secret!, place, parent!, { history: 'full', random: () => unhex(vectors.nonces[made++]!) })
      expect([hex(wrapped.ctl), hex(wrapped.msg!)]).toEqual([vectors.wrapped.ctl, vectors.wrapped.msg])
      expect(unwrapSecret(secret!, place, wrapped)).toEqual(parent)
      expect(unwrapSecret({ ctl: secret!.ctl }, place, wrapped)).toEqual({ ctl: parent!.ctl })
    })

    test.each(vectors.refused)('refused: $name', ({ place, ctl }) => {
      expect(unwrapSecret(secret!, placeOf(place), { ctl: unhex(ctl), msg: undefined })).toBeUndefined()
    })
  })
}
