import type { Parley } from '@parley/core'
import { defineCommand } from '../command.ts'
import { nameOf } from '../format.ts'

/** What others need to know of a person to write to them. A text of its own, so that later cards can say more. */
function contactCard({ me }: Parley): string {
  return `parley:card:${Buffer.from(JSON.stringify({ userId: me.id, name: me.name })).toString('base64url')}`
}

export const idCommand = defineCommand<{ name?: string }>({
  usage: 'id',
  summary: 'who you are; creates the profile at first use',
  examples: [
    ['id', 'prints user id, device id and contact card'],
    ['id --name Alice', 'sets the name that others see'],
  ],
  reach: 'here',
  options: (command) => command.option('--name <name>', 'the name that others see from now on'),
  async run({ parley, options, print }) {
    if (options.name !== undefined) await parley.setProfile({ name: options.name })
    const { me } = parley
    const card = contactCard(parley)
    print.result({ userId: me.id, deviceId: me.deviceId, card }, () =>
      [`name    ${nameOf(me)}`, `user    ${me.id}`, `device  ${me.deviceId}`, `card    ${card}`].join('\n'),
    )
  },
})
