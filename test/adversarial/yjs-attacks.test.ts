/**
 * The attacks on Yjs documents that were measured before Parley was designed, from a member with real keys, against a running peer over a
 * real link. Each first shows on a plain Y.Doc that its bytes do the harm, then that alice refuses them and lacks nothing afterwards.
 */
import { EntryKind, encodeDelete, encodeEdit, messageIdBytes, project, deviceIdBytes } from '@parley/protocol'
import { seededRandom } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { until } from '../../packages/core/test/support.ts'
import { forge, hash, sendIn, sendUpdate } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { laySiege, type Carriage, type Siege } from './siege.ts'
import { settle } from './victims.ts'
import {
  claimClocks,
  claimItems,
  deleteEverything,
  docOf,
  lackingPredecessor,
  manyRoots,
  nestedArrays,
  runLengthBomb,
  withDeleteSet,
  yjsUpdate,
} from './yjs-bytes.ts'

/** A client as Yjs draws them: 32 bits. */
const CLIENT = 12_345

let siege: Siege
const begin = async (carriage?: Carriage): Promise<void> => {
  siege = await laySiege(carriage)
}
const end = async (): Promise<void> => {
  await siege.expectUnharmed()
  await siege.lift()
}

/** The whole log of a device as mallory holds it, in one update. */
async function logOf(device: Siege['devices']['bob'], to = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const { replica } = siege.mallory
  return project(hash, replica.bytes, [{ device: deviceIdBytes(device), seq: 0, entries: await replica.log.read(device, 0, to) }])
}

describe('over the memory network', () => {
  beforeEach(() => begin())
  afterEach(end)

  test('[E1] writing as bob at his next clock: what bob then says is not shut out', async () => {
    const { bob } = siege.devices
    const state = siege.mallory.replica.log.state(bob)
    const [signed, unsigned] = [await forge(siege.mallory, bob, { state }), await forge(siege.mallory, bob, { state, signature: 'none' })]
    const [root, client, base] = [siege.root(bob), siege.client(bob), await logOf(bob)]
    const asBob = (entry: Uint8Array): Uint8Array => yjsUpdate(client, (doc) => doc.getArray(root).push([entry]), base)
    const real = asBob(Uint8Array.of(1, 2, 3))
    const [deceived, honest] = [docOf(base, asBob(signed.bytes), real), docOf(base, real)]
    expect(Y.encodeStateVector(deceived)).toEqual(Y.encodeStateVector(honest))
    expect(deceived.getArray(root).toArray()).not.toEqual(honest.getArray(root).toArray())

    await siege.expectRefused(
      'BadSignature',
      Array.from({ length: 3 }, () => asBob(signed.bytes)),
    )
    await siege.expectRefused('BadShape', [
      yjsUpdate(client, (doc) => doc.getText(root).insert(0, 'forged')),
      yjsUpdate(CLIENT, (doc) => doc.getArray(root).push([signed.bytes])),
      yjsUpdate(siege.client(siege.devices.mallory), (doc) => doc.getArray(root).push([signed.bytes])),
    ])
    // Without a signature it waits, unseen, and falls when bob himself speaks.
    sendIn(siege.link, { type: 'update', bytes: asBob(unsigned.bytes) }, LANE.live)
    await settle(20)
  })

  test('[E1b] a struct with the own client of alice: her documents keep their clients', async () => {
    const { alice } = siege.devices
    const views = [siege.victims.hers.doc, siege.victims.his.doc]
    const clients = views.map((doc) => doc.clientID)
    const state = siege.mallory.replica.log.state(alice)
    const { bytes } = await forge(siege.mallory, alice, { state })
    const plain = docOf()
    const { clientID } = plain
    Y.applyUpdate(
      plain,
      yjsUpdate(clientID, (doc) => doc.getArray('messages').push(['forged'])),
    )
    expect(plain.clientID).not.toBe(clientID)

    await siege.expectRefused('BadSignature', [
      yjsUpdate(siege.client(alice), (doc) => doc.getArray(siege.root(alice)).push([bytes]), await logOf(alice)),
    ])
    await siege.expectRefused(
      'BadShape',
      views.map((view) => yjsUpdate(view.clientID, (doc) => doc.getArray('messages').push(['forged']))),
    )
    await siege.comeBack()
    expect(views.map((doc) => doc.clientID)).toEqual(clients)
  })

  test('[E4] overwriting a key of a map, and what comes nearest to it here', async () => {
    const { alice, mallory } = siege.devices
    const message = (await siege.victims.hers.getMessages()).messages.find((m) => m.author.id === siege.victims.alice.me.id)
    const id = message!.id
    const set = (client: number, root: string, base?: Uint8Array): Uint8Array =>
      yjsUpdate(client, (doc) => doc.getMap(root).set(id, 'forged'), base)
    const honest = yjsUpdate(1, (doc) => doc.getMap('messages').set(id, 'said by alice'))
    const overwritten = Y.encodeStateAsUpdate(docOf(honest, set(CLIENT, 'messages', honest)))
    expect(new TextDecoder().decode(overwritten)).not.toContain('said by alice')

    await siege.expectRefused('BadShape', [set(CLIENT, 'messages'), set(siege.client(alice), siege.root(alice)), set(CLIENT, 'metadata')])
    // Our own edits and deletions name a message by its id as well; those of others are void.
    const { replica } = siege.mallory
    const seq = replica.log.nextSeq(mallory)
    const bytes = messageIdBytes(id)
    const edit = encodeEdit({ target: bytes, text: 'forged', metadata: {}, reply: undefined })
    await replica.commit(() => ({ kind: EntryKind.edit, payload: edit, epoch: replica.epochs.current }))
    await replica.commit(() => ({ kind: EntryKind.delete, payload: encodeDelete({ target: bytes }), epoch: replica.epochs.current }))
    sendUpdate(siege.mallory, siege.link, mallory, seq, await replica.log.read(mallory, seq, seq + 2))
    await until(() => siege.link.of('got').some((got) => got.heads.some(({ nextSeq }) => nextSeq === seq + 2)))
    expect(siege.rejected()).toEqual({ BadShape: 3 })
  })

  test('[E5] structs for 10,000 root types: no document of alice gets a root', async () => {
    expect(docOf(manyRoots(CLIENT, 10_000)).share.size).toBe(10_000)
    await siege.expectRefused('BadShape', [
      manyRoots(CLIENT, 10_000),
      manyRoots(siege.client(siege.devices.bob), 10_000),
      manyRoots(siege.client(siege.devices.mallory, 1), 10_000),
    ])
  })

  test('[E6] 4,000 updates without what goes before them: none is kept, and what bob says comes between', async () => {
    const plain = docOf(...Array.from({ length: 50 }, (_, i) => lackingPredecessor(CLIENT, i)))
    expect(plain.store.pendingStructs!.update.length).toBeGreaterThan(50 * 90)
    await siege.expectRefused(
      'BadShape',
      [0, 1, 2].map((i) => lackingPredecessor(CLIENT, i)),
    )

    const { mallory } = siege.devices
    const state = siege.mallory.replica.log.state(mallory)
    const { bytes } = await forge(siege.mallory, mallory, { state })
    for (let i = 0; i < 4_000; i++) sendUpdate(siege.mallory, siege.link, mallory, state.nextSeq + 1 + (i % 200), [bytes])
    await siege.victims.his.sendMessage({ text: 'in between' })
    await until(async () => (await siege.victims.hers.getMessages()).messages.some((m) => m.text === 'in between'))
    await until(() => siege.rejected()['OutOfOrder'] === 4_000)
    expect(siege.link.channel.closed).toBe(false)
  })

  test('[E9] arrays nested 5,000 and 20,000 deep, in an update and sealed in an entry', async () => {
    expect(() => docOf(nestedArrays(CLIENT, 100_000))).toThrow(RangeError)
    const { mallory } = siege.devices
    await siege.expectRefused('BadShape', [nestedArrays(CLIENT, 5_000), nestedArrays(siege.client(mallory), 20_000), nestedArrays(1, 1)])

    const state = siege.mallory.replica.log.state(mallory)
    const payload = new Uint8Array(20_000).fill(0x81)
    const { bytes } = await forge(siege.mallory, mallory, { state, payload })
    sendUpdate(siege.mallory, siege.link, mallory, state.nextSeq, [bytes])
    await until(() => siege.link.of('got').some((got) => got.heads.some(({ nextSeq }) => nextSeq === state.nextSeq + 1)))
    expect(siege.rejected()).toEqual({ BadShape: 3 })
    // A post that cannot be read is an empty one.
    expect((await siege.victims.hers.getMessages()).messages.at(-1)).toMatchObject({
      text: '',
      author: { id: siege.mallory.context.me.userId },
    })
  })

  test('[E10] 300 updates with a few bytes changed: none is half applied', { timeout: 60_000 }, async () => {
    const random = seededRandom(4_711)
    const { bob, alice } = siege.devices
    const v1 = yjsUpdate(CLIENT, (doc) => doc.getArray('messages').push(['a', { b: [1, 2] }, new Uint8Array(20)]))
    const bases = [await logOf(bob), await logOf(alice), v1, Y.convertUpdateFormatV1ToV2(v1)]
    const before = siege.mallory.replica.sum()
    for (let i = 0; i < 300; i++) {
      const bytes = bases[i % bases.length]!.slice(0, i % 5 === 0 ? -1 - random.integer(20) : undefined)
      for (let k = 0; k <= i % 3; k++) bytes[random.integer(bytes.length)] = random.integer(256)
      if (siege.link.channel.closed) await siege.comeBack()
      sendIn(siege.link, { type: 'update', bytes }, LANE.live)
      if (i % 3 === 2) await settle(2)
    }
    await settle()
    if (siege.link.channel.closed) await siege.comeBack()
    // Alice holds what mallory held before, byte for byte: heads, ids and control entries.
    sendIn(siege.link, { type: 'sum', sum: new Uint8Array(16) })
    await until(() => siege.link.of('sum').length > 0)
    expect(siege.link.of('sum').at(-1)!.sum).toEqual(before)
    expect(Object.values(siege.rejected()).reduce((a, b) => a + b, 0)).toBeGreaterThan(100)
  })

  test('[E11] a stock provider has passed the harm on before anybody can object: no document of alice is fed by peers', async () => {
    const { hers, his } = siege.victims
    const [plain, relayed] = [docOf(yjsUpdate(CLIENT, (doc) => doc.getArray('messages').push(['one']))), docOf()]
    plain.on('update', (update: Uint8Array) => Y.applyUpdate(relayed, update))
    Y.applyUpdate(relayed, Y.encodeStateAsUpdate(plain))
    Y.applyUpdate(plain, deleteEverything(CLIENT))
    expect(relayed.getArray('messages').length).toBe(0)

    const { bob } = siege.devices
    await siege.expectRefused('DeleteSet', [
      deleteEverything(siege.client(bob)),
      deleteEverything(hers.doc.clientID),
      deleteEverything(CLIENT),
    ])
    await until(() => [hers, his].every(({ doc }) => doc.getArray('messages').length === 3))
    const copy = docOf(Y.encodeStateAsUpdate(hers.doc))
    Y.applyUpdate(copy, deleteEverything(hers.doc.clientID))
    expect([copy, hers.doc, his.doc].map((doc) => doc.getArray('messages').length)).toEqual([0, 3, 3])
  })
})

describe.each<Carriage>(['memory', 'libp2p'])('over %s', (carriage) => {
  beforeEach(() => begin(carriage))
  afterEach(end)

  test('[E2] a delete set for everything that bob ever says', async () => {
    const { alice, bob } = siege.devices
    const [client, base] = [siege.client(bob), await logOf(bob)]
    const plain = docOf(base, deleteEverything(client))
    expect(plain.getArray(siege.root(bob)).length).toBe(0)
    Y.applyUpdate(
      plain,
      yjsUpdate(client, (doc) => doc.getArray(siege.root(bob)).push([Uint8Array.of(1)]), base),
    )
    expect(plain.getArray(siege.root(bob)).length).toBe(0)

    await siege.expectRefused('DeleteSet', [
      deleteEverything(1),
      deleteEverything(client),
      deleteEverything(siege.client(alice)),
      deleteEverything(siege.victims.hers.doc.clientID),
      withDeleteSet(base, client),
      withDeleteSet(await logOf(alice, 1), client),
    ])
    expect(siege.rejected()).toEqual({ DeleteSet: 6 })
  })

  test('[E3] one struct that takes all clocks of a client that nobody has seen', async () => {
    const { bob } = siege.devices
    const [client, root] = [siege.client(bob), siege.root(bob)]
    expect(docOf(claimClocks(client), await logOf(bob)).getArray(root).length).toBe(0)
    await siege.expectRefused('BadShape', [claimClocks(siege.client(bob, 1)), claimClocks(client), claimClocks(CLIENT)])
    expect(siege.rejected()).toEqual({ BadShape: 3 })
  })

  test('[E7] seven bytes that claim 2^24 structs, and 2^32', async () => {
    expect(claimItems(1, 2 ** 24).length).toBe(7)
    await siege.expectRefused('LimitExceeded', [
      claimItems(1, 2 ** 24),
      claimItems(1, 2 ** 32),
      claimItems(siege.client(siege.devices.bob), 2 ** 24),
    ])
    expect(siege.rejected()).toEqual({ LimitExceeded: 3 })
  })

  test('[E8] a run-length bomb in the V2 format, which nobody reads', async () => {
    expect(Y.decodeUpdateV2(runLengthBomb(50_000)).structs.length).toBe(50_000)
    expect(runLengthBomb(4_000_000).length).toBeLessThan(30)
    await siege.expectRefused(undefined, [runLengthBomb(4_000_000), runLengthBomb(2 ** 40), runLengthBomb(2)])
    expect(Object.values(siege.rejected())).toEqual([3])
  })
})
