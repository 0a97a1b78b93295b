/**
 * Every command there is, in the order of the help.
 */
import type { CommandSpec } from './command.ts'
import { inviteCommand, joinCommand, listCommand, membersCommand, newCommand } from './commands/groups.ts'
import { idCommand } from './commands/identity.ts'
import { deleteCommand, editCommand, messagesCommand, seenCommand } from './commands/messages.ts'
import { daemonCommand, peersCommand } from './commands/peer.ts'
import { sendCommand } from './commands/send.ts'
import { tailCommand } from './commands/tail.ts'

export const COMMANDS: readonly CommandSpec[] = [
  idCommand,
  newCommand,
  inviteCommand,
  joinCommand,
  listCommand,
  membersCommand,
  sendCommand,
  editCommand,
  deleteCommand,
  seenCommand,
  messagesCommand,
  tailCommand,
  daemonCommand,
  peersCommand,
]
