import { addNetworkOptions, defineCommand } from '../command.ts'
import type { NetworkOptions } from '../command.ts'
import { nameOf } from '../format.ts'

export const idCommand = defineCommand<{ name?: string; newCard?: true } & NetworkOptions>({
  usage: 'id',
  summary: 'who you are; creates the profile at first use',
  group: 'You',
  examples: [
    ['id', 'prints user id, device id and contact card'],
    ['id --name Alice', 'sets the name that others see'],
    ['id --new-card', 'nobody can find you by the cards that you gave away before'],
  ],
  reach: 'here',
  options(command) {
    command.option('--name <name>', 'the name that others see from now on')
    command.option('--new-card', 'make all contact cards given away so far useless')
    addNetworkOptions(command)
  },
  async run({ parley, options, print }) {
    if (options.name !== undefined) await parley.setProfile({ name: options.name })
    const { me } = parley
    if (options.newCard === true) await parley.renewContactCard()
    const card = await parley.contactCard()
    print.result({ userId: me.id, deviceId: me.deviceId, card }, () =>
      [`name    ${nameOf(me)}`, `user    ${me.id}`, `device  ${me.deviceId}`, `card    ${card}`].join('\n'),
    )
    if (parley.inspect().addresses.length === 0) {
      print.note(
        'The card names no address of yours, for nothing listens. Print it while `parley daemon` runs, so that others reach you by it.',
      )
    }
  },
})
