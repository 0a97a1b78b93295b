/** A peer in a process of its own, with a folder and TCP as on a desktop, that does what its parent asks over IPC. */
import { createParley } from '@parley/chat'
import { openFileBlobStore, openLevelStore } from '@parley/store-level'
import { Agent } from './agent.ts'
import type { Answer, Command } from './commands.ts'
import { Room } from './room.ts'

/** What the parent says once, in JSON, as the first argument. */
export interface ProcessPeerInit {
  readonly profile: string
  readonly name: string
  readonly offline: boolean
  readonly roomBytes: number | undefined
}

export interface Request {
  readonly number: number
  readonly command: Command
}

/** Number 0 says that the peer is up. */
export interface Response {
  readonly number: number
  readonly answer: Answer
}

const { profile, name, offline, roomBytes } = JSON.parse(process.argv[2]!) as ProcessPeerInit
const room = new Room(roomBytes)
const parley = await createParley({
  store: room.store(await openLevelStore({ path: `${profile}/store` })),
  blobs: room.blobs(await openFileBlobStore({ path: `${profile}/blobs` })),
  name,
  offline,
  listen: ['/ip4/127.0.0.1/tcp/0'],
})
const agent = new Agent(parley, { widen: () => room.widen() })
const say = (response: Response): void => void process.send!(response)
process.on('message', ({ number, command }: Request) => void agent.run(command).then((answer) => say({ number, answer })))
process.on('disconnect', () => process.exit(0))
say({ number: 0, answer: { calls: [] } })
