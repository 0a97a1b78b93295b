/** A peer in a page: its address says who it is and where peers meet, and the test asks it through `run`. */
import { createParley } from '@parley/chat'
import { Agent } from '../agent.ts'
import type { Answer, Command } from '../commands.ts'

declare global {
  /** Waits for the peer to be up, and does what it is asked. */
  var run: (command: Command) => Promise<Answer>
}

const query = new URLSearchParams(location.search)
const name = query.get('name') ?? 'nobody'
const rendezvous = query.getAll('rendezvous')
const agent = createParley({ profile: name, name, rendezvous, offline: query.has('offline') }).then((parley) => new Agent(parley))
globalThis.run = async (command) => (await agent).run(command)
