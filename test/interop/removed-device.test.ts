/** A device that another one of its user has removed, by the commands that people type: it keeps what it held, says that it is out, and never hangs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../packages/core/test/support.ts'
import { Person } from './parley-process.ts'

let folder: string
let people: Person[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-removed-'))
  people = []
})

afterEach(async () => {
  await Promise.all(people.map((person) => person.endAll()))
  await rm(folder, { recursive: true, force: true })
})

function person(name: string): Person {
  const made = new Person(join(folder, name))
  people.push(made)
  return made
}

test('it lists and shows what it has, and is told why it cannot send, with a daemon and without', async () => {
  const [alice, phone] = [person('alice'), person('phone')]
  await alice.one('id', '--name', 'Alice')
  const { id } = await alice.one('new', 'Picnic')
  const { address } = await alice.goOnline()
  await alice.run('send', id!, 'hello')
  const linking = alice.start('device', 'link')
  const { link } = await linking.line()
  const joining = phone.start('device', 'join', link!)
  const { code } = await joining.line((line) => 'code' in line)
  await linking.line((line) => line['state'] === ('compare' as never))
  linking.write(`${code}\n`)
  expect([await linking.ended(), await joining.ended()]).toEqual([0, 0])

  const { daemon } = await phone.goOnline('--peer', address)
  await until(async () => JSON.stringify(await phone.run('list')).includes('hello'))
  const { id: phoneId } = (await alice.run('devices')).find((line) => line['isThis'] === (false as never))!
  expect(await alice.one('device', 'remove', phoneId!)).toMatchObject({ status: 'removed' })
  await until(async () => (await phone.run('list')).some((line) => line['state'] === ('removed' as never)))

  const askEverything = async (): Promise<void> => {
    expect(await phone.run('list')).toMatchObject([{ id, title: 'Picnic', state: 'removed' }])
    expect(JSON.stringify(await phone.run('messages', id!))).toContain('hello')
    expect((await phone.run('devices')).find((line) => line['isThis'] === (true as never))).toMatchObject({ status: 'removed' })
    for (const command of [
      ['send', id!, 'too late'],
      ['invite', id!],
      ['device', 'link'],
    ]) {
      expect([command, await phone.refusal(...command)]).toEqual([command, expect.stringMatching(/^(NotAMember|NotAllowed)$/)])
    }
  }
  await askEverything()
  await daemon.interrupt()
  await askEverything()
}, 90_000)
