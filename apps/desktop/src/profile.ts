/**
 * Where a profile lives, and where its running peer is reached.
 */
import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { ParleyError } from '@parley/protocol'

/** Only this user may enter: what is inside is one person's profile. */
const FOLDER_MODE = 0o700
/** What `sockaddr_un` holds on macOS, 104 bytes with its end; Linux has four more. Longer paths are cut without a word. */
const MAX_SOCKET_PATH_BYTES = 103
const SOCKET_NAME = 'parley.sock'

/** The folder of a person who names none: `parley` where the platform keeps data of applications. */
export function defaultProfile(platform: NodeJS.Platform = process.platform, env: NodeJS.ProcessEnv = process.env): string {
  const home = homedir()
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'parley')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'parley')
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'parley')
}

/** Makes the folder for this user alone; returns where it really is. @throws {StorageUnavailable} */
export async function makeProfile(path: string): Promise<string> {
  const folder = resolve(path)
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    // Two ways to the same folder must lead to the same peer.
    return await realpath(folder)
  } catch (error) {
    throw new ParleyError('StorageUnavailable', `The profile folder ${folder} cannot be used.`, { cause: error })
  }
}

/**
 * The address of the socket of a profile: inside its folder, where its rights protect it. On Windows a named pipe. When the path is too long
 * for a socket, a name derived from it in a folder of this user under the temporary folder.
 */
export async function socketPath(profile: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  const folder = resolve(profile)
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 32)
  if (platform === 'win32') return `\\\\.\\pipe\\parley-${digest}`
  const inside = join(folder, SOCKET_NAME)
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside
  return join(await privateTemporaryFolder(), digest)
}

/** Anyone may make names in the temporary folder; a socket of somebody else there would be handed our messages. */
async function privateTemporaryFolder(): Promise<string> {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `parley-${uid}`)
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new ParleyError(
      'StorageUnavailable',
      `${folder} does not belong to you alone. Remove it, or choose a profile folder with a shorter path.`,
    )
  }
  return folder
}
