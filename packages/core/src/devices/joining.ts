/**
 * Adding a device, at the new one: a profile that is nobody yet scans the link code, shows the short code, and becomes a device of that user.
 * Nothing of the profile counts before everything is stored, so a failure leaves one that can be begun anew.
 */
import {
  bundleCerts,
  certsIn,
  completeDeviceCert,
  deviceLinkKeys,
  ShortCodeExchange,
  verifyDeviceCert,
  type DeviceCert,
  type DeviceKeys,
} from '@parley/crypto'
import { deviceIdBytes, equalBytes, parseDeviceLink, ParleyError, Reject, userIdBytes, type DeviceLink } from '@parley/protocol'
import type { Context, Identity } from '../context.ts'
import { directIdOf } from '../contacts/direct.ts'
import type { DeviceLine } from '../network/device-line.ts'
import { saveProfile } from '../profile/profile.ts'
import { WaitingBytes } from '../support/waiting-bytes.ts'
import { Arrivals, takeIn } from './arrival.ts'
import { meet, type NewcomerInit } from './newcomer.ts'
import { fieldsOf, readTexts, refusal, refusalOf, STEP, step, textsBytes, timeBytes, type LinkRefusal } from './steps.ts'

/** What a refusal means to the person at the new device. */
const REFUSED: Record<LinkRefusal, string> = {
  LinkExpired: 'this link has expired; make a new one on your other device',
  LinkUsed: 'this link was used before; make a new one on your other device',
  LinkRejected: 'your other device refused: the codes were different, or it was cancelled there. Make a new link to try again',
  TooLarge: 'you have as many devices as one person can have; remove one first',
}

export interface JoinInit extends NewcomerInit {
  /** The text of the link code. */
  readonly link: string
  /** What this device calls itself; may be empty. */
  readonly deviceName: string
  /** Hears the six digits that both devices show. */
  onShortCode(code: string): void
}

/**
 * Makes the profile in `store`, which has none yet, a device of the user whose link code that is.
 * @throws {ParleyError} LinkCodeInvalid, LinkExpired, LinkUsed, LinkRejected, Unreachable, NotAllowed for a profile that is somebody, Aborted.
 */
export async function joinAsDevice(init: JoinInit): Promise<void> {
  const link = parseDeviceLink(init.link)
  const proofKeys = deviceLinkKeys(link)
  await meet(init, {
    kind: 'linking',
    keys: proofKeys,
    hints: link.hints,
    unknown: () =>
      new ParleyError('LinkCodeInvalid', 'nobody there knows this link; scan it again, or make a new one on your other device'),
    talk: (line, keys, done) => new Joining(init, link, line, keys, done),
  })
}

class Joining {
  readonly #init: JoinInit
  readonly #link: DeviceLink
  readonly #line: DeviceLine
  readonly #keys: DeviceKeys
  readonly #done: () => void
  readonly #exchange: ShortCodeExchange
  readonly #arrivals = new Arrivals()
  #code: string | undefined
  #identity: Identity | undefined
  #name = ''

  constructor(init: JoinInit, link: DeviceLink, line: DeviceLine, keys: DeviceKeys, done: () => void) {
    this.#init = init
    this.#link = link
    this.#line = line
    this.#keys = keys
    this.#done = done
    this.#exchange = new ShortCodeExchange({ transcript: line.transcript, side: line.side, nonce: init.random.bytes(32) })
  }

  begin(): Promise<void> {
    const { signing, agreement } = this.#keys
    const { clock, deviceName } = this.#init
    const texts = textsBytes([deviceName])
    return this.#line.send(step('offer', signing.publicKey, agreement.publicKey, timeBytes(clock.now()), this.#exchange.commitment, texts))
  }

  /** @throws {Reject} for what no honest device says, {ParleyError} for why it ends. */
  async hear(fields: readonly Uint8Array[]): Promise<void> {
    switch (fields[0]?.[0]) {
      case STEP.answer: {
        const [commitment, nonce] = fieldsOf(fields, [32, 32]) as [Uint8Array, Uint8Array]
        const own = this.#exchange.reveal(commitment)
        this.#code = this.#exchange.finish(nonce)
        await this.#line.send(step('reveal', own))
        return this.#init.onShortCode(this.#code)
      }
      case STEP.endorse:
        return this.#onEndorse(fields)
      case STEP.conversation:
        return this.#arrivals.begin(this.#line, fields)
      case STEP.told:
        return this.#onTold(fields)
      case STEP.refused: {
        const code = refusalOf(fields)
        throw new ParleyError(code, REFUSED[code])
      }
      default:
        throw new Reject('BadShape', 'step between devices')
    }
  }

  controls(entries: Parameters<Arrivals['take']>[0]): void {
    this.#arrivals.take(entries)
  }

  async #onEndorse(fields: readonly Uint8Array[]): Promise<void> {
    const [endorsement, chain, texts] = fieldsOf(fields, [0, 0, 0]) as [Uint8Array, Uint8Array, Uint8Array]
    const { crypto, random } = this.#init
    if (this.#code === undefined || this.#identity !== undefined) throw new Reject('BadShape', 'step between devices')
    const issuer = await verifyDeviceCert(crypto, chain)
    const isMeant = issuer !== undefined && equalBytes(userIdBytes(issuer.userId).slice(0, 8), this.#link.user8)
    const own = isMeant ? await completeDeviceCert(crypto, this.#keys, endorsement, issuer) : undefined
    const bundle = own && bundleCerts([...certsIn(chain), own])
    const cert: DeviceCert | undefined = bundle && (await verifyDeviceCert(crypto, bundle))
    if (own === undefined || bundle === undefined || cert === undefined) {
      await this.#line.send(refusal('LinkRejected'))
      throw new ParleyError('LinkRejected', 'the other device is not the one that made this link; make a new one')
    }
    this.#name = readTexts(texts, 1)[0] ?? ''
    const { userId, deviceId } = cert
    this.#identity = { userId, deviceId, deviceBytes: deviceIdBytes(deviceId), cert: bundle, keys: this.#keys, session: random.bytes(8) }
    await this.#line.send(step('certificate', own))
  }

  async #onTold(fields: readonly Uint8Array[]): Promise<void> {
    const arrived = this.#arrivals.end(fields)
    const me = this.#identity
    if (me === undefined) throw new Reject('BadShape', 'step between devices')
    const { store, logger } = this.#init
    const report: Context['report'] = (error) =>
      logger.error('failure', { where: 'adding', error: error instanceof Error ? error.name : '' })
    const context: Context = { ...this.#init, me, waiting: new WaitingBytes(), report }
    const replica = arrived.id === directIdOf(context, me.userId) ? await takeIn(context, arrived) : undefined
    if (replica === undefined) throw new ParleyError('LinkRejected', 'the other device sent no keys; make a new link to try again')
    await replica.close()
    await saveProfile(store, { cert: me.cert, name: this.#name, avatar: '' })
    await this.#line.send(step('done'))
    this.#done()
  }
}
