/** Several devices of one person over TCP and real disks: added, cut off, and back with nothing but 24 words. */
import { createParley, type ParleyInit } from '@parley/chat'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textsOf, until } from '../../packages/core/test/support.ts'

type Peer = Awaited<ReturnType<typeof createParley>>

let folder: string
let open: Peer[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-devices-'))
  open = []
})

afterEach(async () => {
  await Promise.all(open.map((peer) => peer.close()))
  await rm(folder, { recursive: true, force: true })
})

async function peer(profile: string, init: Partial<ParleyInit>): Promise<Peer> {
  const made = await createParley({ profile: join(folder, profile), ...init })
  open.push(made)
  return made
}

test('a device is added and cut off; after the last one is lost a phrase brings everything back', async () => {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const alice = await peer('alice', { name: 'Alice', listen })
  const [address] = alice.inspect().addresses as [string]
  const bob = await peer('bob', { name: 'Bob', listen, peers: [address] })
  const group = await alice.createGroup({ title: 'Picnic' })
  const his = await bob.join(await group.invite())
  await his.admitted()
  await his.sendMessage({ text: 'hello' })

  const { link } = await alice.linkDevice()
  // Somebody else is met on the way; the link says where the right one is.
  let code = ''
  const adding = peer('phone', {
    link,
    deviceName: 'phone',
    peers: bob.inspect().addresses.slice(0, 1),
    onShortCode: (shown) => (code = shown),
  })
  await until(() => alice.deviceLink?.state === 'compare' && code !== '')
  await alice.confirmDevice(code)
  const phone = await adding
  await until(() => phone.conversation(group.getId())?.state === 'member')
  const on = phone.conversation(group.getId())!
  await until(async () => (await textsOf(on)).join() === 'hello')
  await on.sendMessage({ text: 'from the phone' })
  await until(async () => (await textsOf(his)).join() === 'hello,from the phone')
  await alice.removeDevice(phone.me.deviceId)
  await until(() => on.state === 'removed')

  const words = await alice.createRecovery()
  await group.sendMessage({ text: 'last words' })
  await until(async () => (await textsOf(his)).length === 3)
  const number = await alice.safetyNumber(bob.me.id)
  await alice.close()
  const again = await peer('again', { recover: words, peers: bob.inspect().addresses.slice(0, 1) })
  expect(again.me.id).toBe(alice.me.id)
  await until(() => again.conversation(group.getId())?.state === 'member')
  await until(async () => (await textsOf(again.conversation(group.getId())!)).join() === 'hello,from the phone,last words')
  expect(await again.safetyNumber(bob.me.id)).toBe(number)
}, 60_000)
