/**
 * The full-screen terminal interface.
 */
import { ParleyError } from '@parley/protocol'
import { addNetworkOptions, defineCommand } from '../command.ts'
import type { NetworkOptions } from '../command.ts'
import { findConversation } from '../resolve.ts'

export const chatCommand = defineCommand<NetworkOptions>({
  usage: 'chat [conversation]',
  summary: 'read and write on the whole screen; F1 there shows the keys',
  group: 'Messages',
  examples: [
    ['chat', 'with the conversation that something was said in last'],
    ['chat hike --rendezvous wss://meet.example.org', 'in that one, met by members wherever they are'],
  ],
  reach: 'serves',
  listen: ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws'],
  options: addNetworkOptions,
  async run(call) {
    const { parley, args, openScreen } = call
    const conversation = args[0] === undefined ? parley.conversations[0] : findConversation(parley, args[0])
    if (openScreen === undefined || call.isJson) {
      const message = 'parley chat needs a terminal for itself. In pipes and for programs there are `parley tail`, `messages` and `send`.'
      throw new ParleyError('InvalidArgument', message)
    }
    // Loaded for this command only: the others start without it.
    const { runChat } = await import('../chat/run-chat.ts')
    await runChat({ ...call, openScreen, terminal: call.print.terminal }, conversation)
  },
})
