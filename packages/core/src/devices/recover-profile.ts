/** The first half of recovery at the new end: a profile that is nobody yet proves to hold a phrase, and is told whose device it is. */
import { bundleCerts, certsIn, recoverDevice, recoveryKeysOf, recoveryMeetingKeys } from '@parley/crypto'
import { ParleyError } from '@parley/protocol'
import { saveProfile } from '../profile/profile.ts'
import { meet, type NewcomerInit } from './newcomer.ts'
import { recoverMessage, recoveryCertOf } from './recovery.ts'
import { fieldsOf, STEP, step } from './steps.ts'

/**
 * Makes the profile in `store`, which has none yet, a device of the user of that phrase, once anybody is met who knows them. The engine that is
 * opened next, with the same phrase, brings the conversations back. Nothing is done for a profile that this phrase made before.
 * @throws {ParleyError} PhraseInvalid, Unreachable, NotAllowed for a profile that is somebody else, Aborted.
 */
export async function recoverProfile(
  init: NewcomerInit & { readonly words: readonly string[] | string; readonly cert: Uint8Array | undefined },
): Promise<void> {
  const { crypto, clock, store, words } = init
  const recovery = recoveryKeysOf(crypto, words)
  if (init.cert !== undefined && init.cert.length > 0) {
    if (recoveryCertOf(crypto.sha256.bind(crypto), init.cert, recovery) !== undefined) return
    throw new ParleyError('NotAllowed', 'this profile belongs to somebody already; begin a new one')
  }
  await meet(init, {
    kind: 'recovering',
    keys: recoveryMeetingKeys(recovery.signing.publicKey),
    hints: [],
    unknown: () =>
      new ParleyError('PhraseInvalid', 'nobody who could be reached knows this phrase; check it, or try again when others are online'),
    talk: (line, keys, done) => ({
      begin: async () => line.send(step('recover', await recovery.signing.sign(recoverMessage(line, line.side)))),
      hear: async (fields) => {
        if (fields[0]?.[0] !== STEP.chain) return
        const [bundle] = fieldsOf(fields, [0]) as [Uint8Array]
        const chain = await recoverDevice(crypto, words, certsIn(bundle), keys, { createdMs: clock.now() })
        await saveProfile(store, { cert: bundleCerts(chain), name: '', avatar: '' })
        done()
      },
      controls: () => undefined,
    }),
  })
}
