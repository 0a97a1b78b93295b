/** Vectors of what `packages/crypto` makes and checks: chains, signatures, certificates, sealed bodies, boxes, epochs, invites. */
import {
  controlHalf,
  createDeviceCert,
  createEpochSecret,
  deriveKey,
  deviceIdFrom,
  deviceKeysOf,
  epochCommitment,
  epochIdOf,
  epochSecretBytes,
  hpkeSeal,
  inviteKey,
  joinProof,
  sealBody,
  signRun,
  verifyDeviceCert,
  verifyRun,
  type KeyPurpose,
  type UnsignedEntry,
} from '@parley/crypto'
import {
  concatBytes,
  decodeCbor,
  decodeEntry,
  encodeCbor,
  encodeChainState,
  encodeEntry,
  encodeHeader,
  EntryKind,
  extendChain,
  purgeEntry,
  Reject,
  standsAlone,
  startChain,
  userIdOf,
  utf8,
  type CborValue,
  type ChainState,
  type RejectCode,
} from '@parley/protocol'
import { strictVectors } from '../../../packages/crypto/test/strict-vectors.ts'
import { bytesOf, conversation, epoch, hash, hex, provider, START_MS, unhex, withByte, type Json } from './seed.ts'

const signSecret = bytesOf('alice signs', 32)
const agreeSecret = bytesOf('alice agrees', 32)
const keys = deviceKeysOf(provider, { signSecret, agreeSecret })
const signKey = keys.signing.publicKey
const device = deviceIdFrom(hash, signKey)

/** A log of 300 entries in emissions of many sizes: posts, deletes and control entries, through the end of a chunk. */
export async function chains(): Promise<Json> {
  const entries: Uint8Array[] = []
  const states: ChainState[] = [startChain(hash, conversation, device)]
  for (const count of [2, 1, 7, 40, 150, 56, 20, 24]) entries.push(...(await emission(states, count)))
  const state = (seq: number): { seq: number; state: string } => ({ seq, state: hex(encodeChainState(states[seq] as ChainState)) })
  const at = (seq: number): Uint8Array => entries[seq] as Uint8Array
  const signed = entries.flatMap((bytes, seq) => (decodeEntry(bytes).signature === undefined ? [] : [seq]))
  const resigned = (seq: number, signature: Uint8Array | undefined): Uint8Array => {
    const { headerBytes, body } = decodeEntry(at(seq))
    return encodeEntry(headerBytes, body as Uint8Array, signature)
  }
  const last = entries.length - 1
  const tampered: [name: string, changes: [seq: number, bytes: Uint8Array][], code: RejectCode][] = [
    ['a byte of a body', [[100, withByte(at(100), -2, (byte) => byte + 1)]], 'BadSignature'],
    ['a body replaced by another of the same length', [[101, encodeEntry(decodeEntry(at(101)).headerBytes, bytesOf('other', 42), undefined)]], 'BadSignature'],
    ['two entries exchanged', [[100, at(101)], [101, at(100)]], 'BadChain'],
    ['an entry twice', [[101, at(100)]], 'BadClock'],
    ['a bit of the last signature', [[last, withByte(at(last), -1, (byte) => byte ^ 1)]], 'BadSignature'],
    ['the signature of another entry', [[last, resigned(last, decodeEntry(at(255)).signature)]], 'BadSignature'],
    ['a chunk end without signature', [[255, resigned(255, undefined)]], 'BadSignature'],
    ['a control entry without signature', [[1, resigned(1, undefined)]], 'BadSignature'],
    ['a body purged and its hash changed', [[100, withByte(purgeEntry(at(100), hash), -2, (byte) => byte ^ 1)]], 'BadSignature'],
    ['an entry cut off', [[100, at(100).slice(0, -1)]], 'BadShape'],
  ]
  for (const [name, changes, code] of tampered) {
    const changed = entries.slice()
    for (const [seq, bytes] of changes) changed[seq] = bytes
    const found = await codeOf(verifyRun(provider, { conversation, device, signKey }, states[0] as ChainState, changed))
    if (found !== code) throw new Error(`chain, ${name}: expected ${code}, found ${found}`)
  }
  return {
    conversation: hex(conversation),
    device: hex(device),
    signKey: hex(signKey),
    firstPrevId: hex((states[0] as ChainState).prevId),
    signed,
    states: [0, 1, 2, 3, 10, 50, 200, 255, 256, 257, 276, 300].map(state),
    purged: { seq: 100, entry: hex(purgeEntry(at(100), hash)) },
    tampered: tampered.map(([name, changes, code]) => ({ name, changes: changes.map(([seq, bytes]) => ({ seq, entry: hex(bytes) })), code })),
    entries: entries.map(hex),
  }
}

/** The next `count` entries as a device sends them; `states` grows by as many. */
function emission(states: ChainState[], count: number): Promise<Uint8Array[]> {
  const drafts: UnsignedEntry[] = []
  for (let i = 0; i < count; i++) {
    const state = states.at(-1) as ChainState
    const seq = state.nextSeq
    const kind = seq < 2 || seq === 60 || seq === 257 ? EntryKind.control : seq % 31 === 30 ? EntryKind.delete : seq % 17 === 16 ? EntryKind.react : EntryKind.post
    const alone = standsAlone(seq, kind)
    const ms = seq === 0 ? START_MS : state.hlc.ms + [0, 1, 40, 1_000, 86_400_000][seq % 5]!
    const headerBytes = encodeHeader({
      kind,
      time: alone ? ms : ms - state.hlc.ms,
      ctr: ms === state.hlc.ms ? state.hlc.ctr + 1 : 0,
      // Control entries 0 and 60 are in clear, so entry 61 must name its epoch again.
      epoch: seq === 0 || seq === 60 ? 'clear' : alone || state.epoch === undefined ? epoch : 'same',
      deps: seq % 50 === 49 ? [{ device8: bytesOf('bob', 8), seq, entry8: bytesOf(`bob ${seq}`, 8) }] : [],
      posts: state.posts + (kind === EntryKind.post ? 1 : 0),
      deletes: state.deletes + (kind === EntryKind.delete ? 1 : 0),
      controls: kind === EntryKind.control ? state.controls + 1 : 0,
    })
    const body = bytesOf(`body ${seq}`, 41 + (seq % 4))
    const next = extendChain(hash, conversation, device, state, decodeEntry(encodeEntry(headerBytes, body, undefined)))
    states.push(next)
    drafts.push({ seq, id: next.prevId, kind, headerBytes, body })
  }
  return signRun(keys.signing, { conversation, device }, drafts)
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

/** RFC 8032, section 7.1: secret key, public key, message, signature. */
const RFC_8032: readonly [name: string, ...fields: [string, string, string, string]][] = [
  [
    'TEST 1',
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    'TEST 2',
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'TEST 3',
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    'TEST SHA(abc)',
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
]

export function signatures(): Json {
  return {
    rfc8032: RFC_8032.map(([name, secretKey, publicKey, message, signature]) => ({ name, secretKey, publicKey, message, signature })),
    strict: strictVectors().map(({ name, publicKey, message, signature, valid, keyAcceptable }) => ({
      name,
      publicKey: hex(publicKey),
      message: hex(message),
      signature: hex(signature),
      valid,
      keyAcceptable,
    })),
  }
}

export async function certificates(): Promise<Json> {
  const salt16 = bytesOf('alice salt', 16)
  const cert = await createDeviceCert(provider, keys, { createdMs: START_MS, salt16 })
  const read = await verifyDeviceCert(provider, cert)
  if (read === undefined) throw new Error('the certificate does not hold')
  const fields = (decodeCbor(cert) as readonly CborValue[]).slice(0, 7)
  const forged = async (change: (fields: CborValue[]) => void): Promise<string> => {
    const changed = [...fields]
    change(changed)
    return hex(encodeCbor([...changed, await keys.signing.sign(concatBytes(utf8('parley/1/cert'), encodeCbor(changed)))]))
  }
  const lowOrder = unhex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')
  return {
    valid: [
      {
        signSecret: hex(signSecret),
        agreeSecret: hex(agreeSecret),
        createdMs: START_MS,
        salt: hex(salt16),
        cert: hex(cert),
        user: userIdOf(fields[1] as Uint8Array),
        device: read.deviceId,
        signKey: hex(signKey),
        agreeKey: hex(keys.agreement.publicKey),
      },
    ],
    refused: [
      { name: 'version 2', cert: await forged((f) => (f[0] = 2)) },
      { name: 'the user id of another salt', cert: await forged((f) => (f[1] = bytesOf('user', 32))) },
      { name: 'a key of small order to agree with', cert: await forged((f) => (f[3] = lowOrder)) },
      { name: 'a time of 49 bits', cert: await forged((f) => (f[4] = 2 ** 48)) },
      { name: 'capabilities of a first device', cert: await forged((f) => (f[5] = 1)) },
      { name: 'a proof by another device without its signature', cert: await forged((f) => (f[6] = [1, salt16])) },
      { name: 'a salt of 15 bytes', cert: await forged((f) => (f[6] = [0, salt16.slice(1)])) },
      { name: 'a bit of the signature', cert: hex(withByte(cert, -1, (byte) => byte ^ 1)) },
      { name: 'a byte after the end', cert: `${hex(cert)}00` },
      { name: 'nothing', cert: '' },
    ],
  }
}

export function sealed(): Json {
  const key = bytesOf('key', 32)
  const nonce = bytesOf('nonce', 24)
  const aad = bytesOf('additional data', 90)
  const bodies = [0, 1, 16, 64, 300].map((length) => ({ key, nonce, aad, plaintext: bytesOf(`plaintext ${length}`, length) }))
  const one = sealBody(key, nonce, aad, bytesOf('plaintext 16', 16))
  const purposes: KeyPurpose[] = [
    'msg',
    'ctl',
    'wire',
    'presence',
    'topic',
    'topic-secret',
    'invite',
    'invite-topic',
    'invite-topic-secret',
    'link',
    'mailbox',
    'blob',
    'epoch-ctl',
    'wrap-ctl',
    'wrap-msg',
    'inbox',
    'inbox-topic',
    'inbox-topic-secret',
    'device-link',
    'device-link-topic',
    'device-link-topic-secret',
    'recovery-sign',
    'recovery-agree',
  ]
  return {
    bodies: [
      // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
      {
        key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
        nonce: '404142434445464748494a4b4c4d4e4f5051525354555657',
        aad: '50515253c0c1c2c3c4c5c6c7',
        plaintext: hex(utf8("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.")),
        sealed:
          '404142434445464748494a4b4c4d4e4f5051525354555657' +
          'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452' +
          '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
      },
      ...bodies.map((body) => ({
        key: hex(body.key),
        nonce: hex(body.nonce),
        aad: hex(body.aad),
        plaintext: hex(body.plaintext),
        sealed: hex(sealBody(body.key, body.nonce, body.aad, body.plaintext)),
      })),
    ],
    refused: [
      { name: 'a bit of the nonce', key: hex(key), aad: hex(aad), sealed: hex(withByte(one, 0, (byte) => byte ^ 1)) },
      { name: 'a bit of the ciphertext', key: hex(key), aad: hex(aad), sealed: hex(withByte(one, 24, (byte) => byte ^ 1)) },
      { name: 'a bit of the tag', key: hex(key), aad: hex(aad), sealed: hex(withByte(one, -1, (byte) => byte ^ 128)) },
      { name: 'other additional data', key: hex(key), aad: hex(aad.slice(1)), sealed: hex(one) },
      { name: 'another key', key: hex(bytesOf('other key', 32)), aad: hex(aad), sealed: hex(one) },
      { name: 'cut off', key: hex(key), aad: hex(aad), sealed: hex(one.slice(0, -1)) },
      { name: 'shorter than nonce and tag', key: hex(key), aad: hex(aad), sealed: hex(one.slice(0, 39)) },
    ],
    derived: purposes.map((purpose) => {
      const context = bytesOf(`context ${purpose}`, purpose === 'invite' ? 0 : 48)
      return { secret: hex(key), purpose, context: hex(context), key: hex(deriveKey(key, purpose, context)) }
    }),
  }
}

export async function boxes(): Promise<Json> {
  const secret = epochSecretBytes(createEpochSecret((length) => bytesOf('epoch secret', length)))
  const ephemeral = bytesOf('ephemeral', 32)
  const { publicKey } = keys.agreement
  const info = concatBytes(conversation, epoch, device)
  const box = await hpkeSeal(provider, publicKey, info, secret, { random: () => ephemeral })
  return {
    boxes: [
      // RFC 9180, appendix A.2.1, sequence number 0.
      {
        name: 'RFC 9180 A.2.1',
        secretKey: '8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb',
        publicKey: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
        ephemeral: 'f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600',
        info: '4f6465206f6e2061204772656369616e2055726e',
        aad: '436f756e742d30',
        plaintext: '4265617574792069732074727574682c20747275746820626561757479',
        box: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
      },
      {
        name: 'an epoch secret for a device',
        secretKey: hex(agreeSecret),
        publicKey: hex(publicKey),
        ephemeral: hex(ephemeral),
        info: hex(info),
        aad: '',
        plaintext: hex(secret),
        box: hex(box),
      },
    ],
    refused: [
      { name: 'the box of another device', secretKey: hex(agreeSecret), info: hex(concatBytes(conversation, epoch, bytesOf('bob', 16))), box: hex(box) },
      { name: 'another conversation', secretKey: hex(agreeSecret), info: hex(concatBytes(bytesOf('elsewhere', 32), epoch, device)), box: hex(box) },
      { name: 'another key', secretKey: hex(bytesOf('bob agrees', 32)), info: hex(info), box: hex(box) },
      { name: 'a bit of the ephemeral key', secretKey: hex(agreeSecret), info: hex(info), box: hex(withByte(box, 0, (byte) => byte ^ 1)) },
      { name: 'an ephemeral key of small order', secretKey: hex(agreeSecret), info: hex(info), box: `${'00'.repeat(32)}${hex(box.slice(32))}` },
      { name: 'a bit of the tag', secretKey: hex(agreeSecret), info: hex(info), box: hex(withByte(box, -1, (byte) => byte ^ 1)) },
      { name: 'shorter than key and tag', secretKey: hex(agreeSecret), info: hex(info), box: hex(box.slice(0, 47)) },
    ],
  }
}

export function epochs(): Json {
  return [0, 1].map((i) => {
    const secret = createEpochSecret((length) => bytesOf(`msg ${i}`, length))
    const commitment = epochCommitment(secret)
    const id = epochIdOf(conversation, commitment)
    const context = concatBytes(conversation, id)
    return {
      conversation: hex(conversation),
      device: hex(device),
      ctl: hex(secret.ctl),
      msg: hex(secret.msg),
      bytes: hex(epochSecretBytes(secret)),
      controlBytes: hex(epochSecretBytes(controlHalf(secret))),
      commitment: hex(commitment),
      id: hex(id),
      controlKey: hex(deriveKey(secret.ctl, 'ctl', context)),
      wireKey: hex(deriveKey(secret.ctl, 'wire', context)),
      presenceKey: hex(deriveKey(secret.ctl, 'presence', context)),
      messageKey: hex(deriveKey(secret.msg, 'msg', concatBytes(context, device))),
      topic: hex(deriveKey(secret.ctl, 'topic', context)),
      topicSecret: hex(deriveKey(secret.ctl, 'topic-secret', context)),
    }
  })
}

export async function invites(): Promise<Json> {
  const seed = bytesOf('seed', 32)
  const invite = inviteKey(seed)
  const { publicKey } = invite
  const cert = await createDeviceCert(provider, keys, { createdMs: START_MS, salt16: bytesOf('alice salt', 16) })
  const proof = await joinProof(invite, conversation, cert)
  const common = { publicKey: hex(publicKey), conversation: hex(conversation), cert: hex(cert), proof: hex(proof) }
  return {
    valid: [
      {
        seed: hex(seed),
        secret: hex(deriveKey(seed, 'invite', new Uint8Array(0))),
        ...common,
        proofKey: hex(deriveKey(publicKey, 'invite', conversation)),
        topic: hex(deriveKey(publicKey, 'invite-topic', conversation)),
        topicSecret: hex(deriveKey(publicKey, 'invite-topic-secret', conversation)),
      },
    ],
    refused: [
      { name: 'another conversation', ...common, conversation: hex(bytesOf('elsewhere', 32)) },
      { name: 'another certificate', ...common, cert: hex(withByte(cert, -1, (byte) => byte ^ 1)) },
      { name: 'another invite', ...common, publicKey: hex(inviteKey(bytesOf('other seed', 32)).publicKey) },
      { name: 'the device signs instead of the invite', ...common, proof: hex(await joinProof(keys.signing, conversation, cert)) },
      { name: 'an invite key of small order', ...common, publicKey: `01${'00'.repeat(31)}`, proof: `01${'00'.repeat(63)}` },
      { name: '63 bytes', ...common, proof: hex(proof.slice(0, 63)) },
    ],
  }
}
