/**
 * Every command there is, in the order of the help.
 */
import type { CommandSpec } from './command.ts'
import { exportCommand, importCommand } from './commands/archive.ts'
import { chatCommand } from './commands/chat.ts'
import { completionCommand } from './commands/completion.ts'
import { deviceCommand, devicesCommand, recoverCommand, recoveryCommand, safetyCommand } from './commands/devices.ts'
import { doctorCommand } from './commands/doctor.ts'
import { attachmentsCommand, saveCommand } from './commands/files.ts'
import { forgetCommand, joinCommand, listCommand, newCommand } from './commands/groups.ts'
import { idCommand } from './commands/identity.ts'
import { inviteCommand, invitesCommand, revokeCommand } from './commands/invites.ts'
import { addCommand, leaveCommand, membersCommand, removeCommand, roleCommand } from './commands/members.ts'
import { deleteCommand, editCommand, messagesCommand, seenCommand } from './commands/messages.ts'
import { daemonCommand, peersCommand } from './commands/peer.ts'
import { addContactCommand, blockCommand, contactsCommand, directCommand, removeContactCommand, unblockCommand } from './commands/people.ts'
import { hideCommand, pinCommand, pinnedCommand, reactCommand, unhideCommand, unpinCommand, unreactCommand } from './commands/reactions.ts'
import { acceptCommand, declineCommand, requestsCommand } from './commands/requests.ts'
import { searchCommand } from './commands/search.ts'
import { sendCommand } from './commands/send.ts'
import { tailCommand } from './commands/tail.ts'
import { verifyCommand } from './commands/verify.ts'

export const COMMANDS: readonly CommandSpec[] = [
  idCommand,
  devicesCommand,
  deviceCommand,
  recoveryCommand,
  recoverCommand,

  directCommand,
  contactsCommand,
  addContactCommand,
  removeContactCommand,
  requestsCommand,
  acceptCommand,
  declineCommand,
  blockCommand,
  unblockCommand,
  safetyCommand,

  newCommand,
  joinCommand,
  listCommand,
  leaveCommand,
  forgetCommand,
  exportCommand,
  importCommand,

  membersCommand,
  addCommand,
  removeCommand,
  roleCommand,
  inviteCommand,
  invitesCommand,
  revokeCommand,

  sendCommand,
  editCommand,
  deleteCommand,
  reactCommand,
  unreactCommand,
  pinCommand,
  unpinCommand,
  pinnedCommand,
  hideCommand,
  unhideCommand,
  seenCommand,
  messagesCommand,
  searchCommand,
  tailCommand,
  chatCommand,

  attachmentsCommand,
  saveCommand,

  daemonCommand,
  peersCommand,
  doctorCommand,
  verifyCommand,
  completionCommand,
]
