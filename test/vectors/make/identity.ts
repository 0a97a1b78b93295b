/** Vectors of what makes a person out of devices: added devices, recovery, comparing, cards and codes, and secrets wrapped for later epochs. */
import {
  createContactCard,
  createDeviceCert,
  createEpochSecret,
  createRecoveryPhrase,
  controlHalf,
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
  type DeviceKeys,
  type Issuer,
  type MeetingKeys,
} from '@parley/crypto'
import {
  concatBytes,
  decodeCbor,
  deviceIdBytes,
  encodeCbor,
  encodeContactCard,
  encodeDeviceLink,
  parseContactCard,
  parseDeviceLink,
  ParleyError,
  toBase64Url,
  userIdBytes,
  userIdOf,
  utf8,
  type CborValue,
} from '@parley/protocol'
import { bytesOf, conversation, hash, hex, plain, provider, START_MS, withByte, type Json } from './seed.ts'

const secretsOf = (name: string) => ({ signSecret: bytesOf(`${name} signs`, 32), agreeSecret: bytesOf(`${name} agrees`, 32) })

async function issuerOf(keys: DeviceKeys, chain: readonly Uint8Array[]): Promise<Issuer> {
  const cert = (await verifyCertChain(provider, chain))?.at(-1)
  if (cert === undefined) throw new Error('the chain does not hold')
  return { keys, cert }
}

/** Alice's first device, her phone (added by it), her tablet (added by the phone), a recovery device (added by the first). */
async function family() {
  const keys = (name: string): DeviceKeys => deviceKeysOf(provider, secretsOf(name))
  const root = await createDeviceCert(provider, keys('alice'), { createdMs: START_MS, salt16: bytesOf('alice salt', 16) })
  const alice = await issuerOf(keys('alice'), [root])
  const phoneCert = await issueDeviceCert(provider, alice, keys('phone'), { createdMs: START_MS + 1 })
  const phone = await issuerOf(keys('phone'), [root, phoneCert])
  const tabletCert = await issueDeviceCert(provider, phone, keys('tablet'), { createdMs: START_MS + 2 })
  const recoveryCert = await issueDeviceCert(provider, alice, keys('recovery'), { createdMs: START_MS + 3, isRecovery: true })
  return { alice, phone, root, phoneCert, tabletCert, recoveryCert }
}

export async function deviceChains(): Promise<Json> {
  const { alice, phone, root, phoneCert, tabletCert, recoveryCert } = await family()
  const chain = [root, phoneCert, tabletCert, recoveryCert]
  const devices = (await verifyCertChain(provider, chain)) ?? []
  const bobKeys = deviceKeysOf(provider, secretsOf('bob'))
  const bobRoot = await createDeviceCert(provider, bobKeys, { createdMs: START_MS, salt16: bytesOf('bob salt', 16) })
  const bob = await issuerOf(bobKeys, [bobRoot])
  const forged = async (change: (fields: CborValue[]) => void, issuer: Issuer, named = issuer): Promise<Uint8Array> => {
    const fields = (decodeCbor(phoneCert) as readonly CborValue[]).slice(0, 6)
    change(fields)
    const by = deviceIdBytes(issuer.cert.deviceId)
    const signature = await issuer.keys.signing.sign(concatBytes(utf8('parley/1/device'), encodeCbor([...fields, by])))
    fields.push([1, deviceIdBytes(named.cert.deviceId), signature])
    return encodeCbor([...fields, await phone.keys.signing.sign(concatBytes(utf8('parley/1/cert'), encodeCbor(fields)))])
  }
  const nothing = (): void => undefined
  const refused: [name: string, chain: Uint8Array[]][] = [
    ['nothing', []],
    ['no root', [phoneCert]],
    ['the root last', [phoneCert, root]],
    ['an issuer missing', [root, tabletCert]],
    ['an issuer behind', [root, tabletCert, phoneCert]],
    ['a device twice', [root, phoneCert, phoneCert]],
    ['two users', [root, bobRoot]],
    ['nine certificates', [...chain, ...chain, root]],
    ['issued by a device of another user', [root, bobRoot, await forged(nothing, bob)]],
    ['issued by a device of another user in the name of the first', [root, await forged(nothing, bob, alice)]],
    ['issued by itself', [root, await forged(nothing, phone)]],
    ['moved to another user', [root, await forged((f) => (f[1] = userIdBytes(bob.cert.userId)), alice)]],
    ['unknown capabilities', [root, await forged((f) => (f[5] = 2), alice)]],
    ['a key of small order to agree with', [root, await forged((f) => (f[3] = new Uint8Array(32)), alice)]],
    ['a bit of the last signature', [root, withByte(phoneCert, -1, (byte) => byte ^ 1)]],
    ['a bit of the root', [withByte(root, 40, (byte) => byte ^ 1), phoneCert]],
  ]
  for (const [name, certs] of refused) if ((await verifyCertChain(provider, certs)) !== undefined) throw new Error(`${name} holds`)
  return {
    people: ['alice', 'phone', 'tablet', 'recovery'].map((name, i) => ({
      name,
      ...plain(secretsOf(name)) as object,
      createdMs: START_MS + i,
      cert: hex(chain[i] as Uint8Array),
      device: devices[i]?.deviceId ?? '',
      issuer: devices[i]?.issuer ?? null,
      isRecovery: devices[i]?.isRecovery ?? false,
    })),
    user: alice.cert.userId,
    salt: hex(bytesOf('alice salt', 16)),
    chains: [[root], [root, phoneCert], [root, phoneCert, tabletCert], [root, recoveryCert], chain].map((certs) => certs.map(hex)),
    refused: refused.map(([name, certs]) => ({ name, chain: certs.map(hex) })),
  }
}

/** The first three phrases are from the vectors of BIP 39 (github.com/trezor/python-mnemonic, vectors.json). */
const ENTROPIES = ['00'.repeat(32), 'ff'.repeat(32), 'f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f']

export function recovery(): Json {
  const entropies = [...ENTROPIES, hex(bytesOf('entropy', 32))]
  const phrases = entropies.map((entropy) => createRecoveryPhrase(() => Uint8Array.from(entropy.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))))
  const last = phrases[3] as string[]
  const refused: [name: string, phrase: string][] = [
    ['nothing', ''],
    ['23 words', last.slice(1).join(' ')],
    ['25 words', `${last.join(' ')} zoo`],
    ['a word that is not in the list', last.with(11, 'parley').join(' ')],
    ['two words exchanged', last.with(0, last[1] as string).with(1, last[0] as string).join(' ')],
    ['12 words that are a phrase of BIP 39', `${'abandon '.repeat(11)}about`],
    ['words cut to four letters', last.map((word) => word.slice(0, 4)).join(' ')],
  ]
  for (const [name, phrase] of refused) if (codeOf(() => recoverySecretsOf(phrase)) !== 'PhraseInvalid') throw new Error(`${name} is read`)
  return {
    phrases: phrases.map((words, i) => ({ entropy: entropies[i] as string, phrase: words.join(' '), ...(plain(recoverySecretsOf(words)) as object) })),
    refused: refused.map(([name, phrase]) => ({ name, phrase })),
  }
}

export async function comparisons(): Promise<Json> {
  const [alice, bob] = ['alice', 'bob'].map((name) => ({ userId: userIdOf(bytesOf(`${name} user`, 32)), rootKeys: [bytesOf(`${name} root`, 32)] }))
  const twoKeys = { ...bob!, rootKeys: [bytesOf('bob root', 32), bytesOf('bob other root', 32)] }
  const pairs = [[alice!, bob!], [bob!, alice!], [alice!, twoKeys]] as const
  const transcript = bytesOf('transcript', 32)
  const ends = ([0, 1] as const).map((side) => ({ side, nonce: bytesOf(`nonce ${side}`, 32) }))
  const [zeroEnd, oneEnd] = ends.map(({ side, nonce }) => new ShortCodeExchange({ transcript, side, nonce })) as [ShortCodeExchange, ShortCodeExchange]
  const commitments = [zeroEnd.commitment, oneEnd.commitment]
  zeroEnd.reveal(oneEnd.commitment)
  const code = zeroEnd.finish(ends[1]!.nonce)
  const numbers: Json[] = []
  for (const [one, other] of pairs) {
    numbers.push({
      parties: [one, other].map(({ userId, rootKeys }) => ({ user: userId, rootKeys: rootKeys.map(hex) })),
      number: await safetyNumber(hash, one, other),
    })
  }
  return {
    safetyNumbers: numbers,
    shortCode: { transcript: hex(transcript), nonces: ends.map(({ nonce }) => hex(nonce)), commitments: commitments.map(hex), code },
  }
}

const meeting = ({ proof, topic, topicSecret }: MeetingKeys): Json => ({ proof: hex(proof), topic: hex(topic), topicSecret: hex(topicSecret) })

export async function contactCards(): Promise<Json> {
  const { alice, phone, root, phoneCert, tabletCert } = await family()
  const secret = bytesOf('card secret', 16)
  const hints = ['wss://meet.parley.example/signal', '/ip4/192.0.2.7/tcp/4001']
  const texts: [name: string, text: string][] = [
    ['one device', await createContactCard(alice, { certs: [root], name: 'Alice', secret, hints: [] })],
    ['the second of three devices signs', await createContactCard(phone, { certs: [root, phoneCert, tabletCert], name: 'Алиса 🦜', secret, hints })],
    ['no name', await createContactCard(alice, { certs: [root], name: '', secret, hints: hints.slice(1) })],
  ]
  const good = parseContactCard(texts[1]![1])
  const values: CborValue[] = [1, good.user, good.certs, good.signer, good.name, good.secret, good.hints, good.signature]
  const text = (changed: CborValue): string => `parley-card:${toBase64Url(encodeCbor(changed))}`
  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['the word before it alone', 'parley-card:'],
    ['another word before it', texts[0]![1].replace('card', 'link')],
    ['without its end', texts[0]![1].slice(0, -4)],
    ['something behind it', `${texts[0]![1]}AAAA`],
    ['a newer version', text(values.with(0, 2))],
    ['a user id of 31 bytes', text(values.with(1, good.user.slice(1)))],
    ['no certificate', text(values.with(2, []))],
    ['nine certificates', text(values.with(2, Array.from({ length: 9 }, () => root)))],
    ['a certificate of 513 bytes', text(values.with(2, [bytesOf('certificate', 513)]).with(3, 0))],
    ['a signer beyond the certificates', text(values.with(3, 3))],
    ['a signer below zero', text(values.with(3, -1))],
    ['a name of 257 bytes', text(values.with(4, 'x'.repeat(257)))],
    ['a name in bytes', text(values.with(4, utf8('Alice')))],
    ['a secret of 15 bytes', text(values.with(5, secret.slice(1)))],
    ['five hints', text(values.with(6, ['a', 'b', 'c', 'd', 'e']))],
    ['an empty hint', text(values.with(6, ['']))],
    ['a hint of 257 bytes', text(values.with(6, ['x'.repeat(257)]))],
    ['a signature of 63 bytes', text(values.with(7, good.signature.slice(1)))],
    ['one item more', text([...values, 0])],
    ['one item less', text(values.slice(0, 7))],
    ['not an array', text(1)],
  ]
  for (const [name, card] of refused) if (codeOf(() => parseContactCard(card)) !== 'CardInvalid') throw new Error(`${name} is read`)
  const untrue: [name: string, text: string][] = [
    ['another name', encodeContactCard({ ...good, name: 'Mallory' })],
    ['another secret', encodeContactCard({ ...good, secret: bytesOf('other', 16) })],
    ['another hint', encodeContactCard({ ...good, hints: hints.slice(1) })],
    ['another user', encodeContactCard({ ...good, user: bytesOf('user', 32) })],
    ['another signer', encodeContactCard({ ...good, signer: 0 })],
    ['a certificate left out', encodeContactCard({ ...good, certs: [root, phoneCert] })],
    ['the issuer left out', encodeContactCard({ ...good, certs: [root, tabletCert] })],
    ['a bit of the signature', encodeContactCard({ ...good, signature: withByte(good.signature, 0, (byte) => byte ^ 1) })],
  ]
  for (const [name, card] of untrue) {
    const found = await readContactCard(provider, card).then(() => 'read', (error: unknown) => (error as ParleyError).code)
    if (found !== 'CardInvalid') throw new Error(`${name} is believed`)
  }
  return {
    cards: texts.map(([name, card]) => ({ name, text: card, value: plain(parseContactCard(card)) })),
    user: alice.cert.userId,
    inbox: meeting(inboxKeys(alice.cert.userId, secret)),
    refused: refused.map(([name, card]) => ({ name, text: card })),
    untrue: untrue.map(([name, card]) => ({ name, text: card })),
  }
}

export function deviceLinks(): Json {
  const seed = bytesOf('device link seed', 32)
  const user8 = bytesOf('alice user', 32).slice(0, 8)
  const links = [[], ['wss://meet.parley.example/signal', '/ip4/192.0.2.7/tcp/4001']].map((hints) => ({ seed, user8, hints }))
  const text = (value: CborValue): string => `parley-link:${toBase64Url(encodeCbor(value))}`
  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['the word before it alone', 'parley-link:'],
    ['another word before it', encodeDeviceLink(links[0]!).replace('link', 'card')],
    ['without its end', encodeDeviceLink(links[0]!).slice(0, -2)],
    ['something behind it', `${encodeDeviceLink(links[0]!)}AA`],
    ['a newer version', text([2, seed, user8, []])],
    ['a seed of 31 bytes', text([1, seed.slice(1), user8, []])],
    ['a user of 9 bytes', text([1, seed, bytesOf('user', 9), []])],
    ['five hints', text([1, seed, user8, ['a', 'b', 'c', 'd', 'e']])],
    ['an empty hint', text([1, seed, user8, ['']])],
    ['a hint of 257 bytes', text([1, seed, user8, ['x'.repeat(257)]])],
    ['a hint in bytes', text([1, seed, user8, [seed]])],
    ['one item more', text([1, seed, user8, [], 0])],
    ['not an array', text('x')],
  ]
  for (const [name, link] of refused) if (codeOf(() => parseDeviceLink(link)) !== 'LinkCodeInvalid') throw new Error(`${name} is read`)
  return {
    links: links.map((link) => ({ value: plain(link), text: encodeDeviceLink(link), keys: meeting(deviceLinkKeys(link)) })),
    refused: refused.map(([name, link]) => ({ name, text: link })),
  }
}

export function wrappedSecrets(): Json {
  const [parent, secret] = ['parent', 'child'].map((name) => createEpochSecret((length) => bytesOf(`${name} epoch`, length))) as [
    ReturnType<typeof createEpochSecret>,
    ReturnType<typeof createEpochSecret>,
  ]
  const place = {
    conversation,
    epoch: epochIdOf(conversation, epochCommitment(secret)),
    parent: epochIdOf(conversation, epochCommitment(parent)),
  }
  let nonces = 0
  const random = (length: number): Uint8Array => bytesOf(`wrap nonce ${nonces++ % 2}`, length)
  const wrapped = wrapSecret(secret, place, parent, { history: 'full', random })
  const elsewhere = { ...place, conversation: bytesOf('elsewhere', 32) }
  const refused: [name: string, at: typeof place, ctl: Uint8Array][] = [
    ['another conversation', elsewhere, wrapped.ctl],
    ['another epoch', { ...place, epoch: bytesOf('epoch', 16) }, wrapped.ctl],
    ['another parent', { ...place, parent: bytesOf('epoch', 16) }, wrapped.ctl],
    ['a bit of the ciphertext', place, withByte(wrapped.ctl, 30, (byte) => byte ^ 1)],
    ['the half for messages', place, wrapped.msg as Uint8Array],
    ['cut off', place, wrapped.ctl.slice(0, -1)],
    ['the secret of another epoch', place, wrapSecret(secret, place, secret, { history: 'joined', random }).ctl],
  ]
  for (const [name, at, ctl] of refused) if (unwrapSecret(secret, at, { ctl, msg: undefined }) !== undefined) throw new Error(`${name} opens`)
  if (unwrapSecret(controlHalf(secret), place, wrapped)?.msg !== undefined) throw new Error('a control half opens messages')
  return {
    secret: { ctl: hex(secret.ctl), msg: hex(secret.msg) },
    parent: { ctl: hex(parent.ctl), msg: hex(parent.msg) },
    place: plain(place),
    nonces: [hex(bytesOf('wrap nonce 0', 24)), hex(bytesOf('wrap nonce 1', 24))],
    wrapped: { ctl: hex(wrapped.ctl), msg: hex(wrapped.msg as Uint8Array) },
    refused: refused.map(([name, at, ctl]) => ({ name, place: plain(at), ctl: hex(ctl) })),
  }
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'read'
  } catch (error) {
    if (error instanceof ParleyError) return error.code
    throw error
  }
}
