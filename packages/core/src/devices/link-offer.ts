/**
 * Adding a device, at the device that is in use: a link code is shown, the new device comes, both show a short code, and once the person has said
 * that both are equal the new device gets its certificate and the conversation of this user's devices. Every failure ends the link code.
 */
import {
  bundleCerts,
  certsIn,
  deviceLinkKeys,
  endorseDevice,
  ShortCodeExchange,
  trustedDeviceCert,
  verifyDeviceCert,
  type DeviceCert,
  type DeviceOffer,
  type MeetingKeys,
} from '@parley/crypto'
import {
  conversationIdBytes,
  encodeDeviceLink,
  equalBytes,
  MAX_CARD_HINTS,
  MAX_CERT_CHAIN,
  MAX_INVITE_HINT_BYTES,
  ParleyError,
  Reject,
  userIdBytes,
  utf8,
  type ErrorCode,
} from '@parley/protocol'
import type { DeviceLinkOffer } from '../api/devices.ts'
import type { Context } from '../context.ts'
import type { DeviceLine } from '../network/device-line.ts'
import type { DeviceProof } from '../network/handshake.ts'
import type { OwnDevices } from './own-devices.ts'
import { fieldsOf, readTexts, readTime, refusal, refusalOf, STEP, step, textsBytes, type LinkRefusal } from './steps.ts'

/** A link code that nobody has used is good for so long: time to fetch the other device, and not for somebody who finds a photo of it. */
export const LINK_MS = 600_000
/** Link codes that are over and still told so. */
const MAX_SPENT = 8

/** What is known of the new device. */
interface Newcomer {
  readonly line: DeviceLine
  readonly offer: DeviceOffer
  readonly name: string
  readonly exchange: ShortCodeExchange
  cert: DeviceCert | undefined
}

export class LinkOffer {
  readonly #context: Context
  readonly #devices: OwnDevices
  readonly #name: () => string
  readonly #addresses: () => readonly string[]
  readonly #onChange: () => void
  readonly #spent: { readonly key: Uint8Array; readonly code: LinkRefusal }[] = []
  #value: DeviceLinkOffer | undefined
  #keys: MeetingKeys | undefined
  #newcomer: Newcomer | undefined
  #cancelExpiry = (): void => undefined

  /** `name`: of the user; `addresses`: where this device is found; `onChange`: the offer, or what can be proved, has changed. */
  constructor(options: {
    context: Context
    devices: OwnDevices
    name: () => string
    addresses: () => readonly string[]
    onChange: () => void
  }) {
    this.#context = options.context
    this.#devices = options.devices
    this.#name = options.name
    this.#addresses = options.addresses
    this.#onChange = options.onChange
  }

  get value(): DeviceLinkOffer | undefined {
    return this.#value
  }

  /** Where a new device is waited for. */
  meetings(): readonly MeetingKeys[] {
    return this.#keys === undefined ? [] : [this.#keys]
  }

  proofs(): readonly DeviceProof[] {
    const open = this.#keys === undefined ? [] : [this.#keys.proof]
    return [...open, ...this.#spent.map(({ key }) => key)].map((key) => ({ kind: 'link', key }))
  }

  /** @throws {ParleyError} TooLarge */
  async open(): Promise<DeviceLinkOffer> {
    await this.#end('LinkRejected')
    this.#devices.assertRoom()
    const { me, random, clock } = this.#context
    if (certsIn(me.cert).length >= MAX_CERT_CHAIN)
      throw new ParleyError('TooLarge', 'this device cannot add another one; add it from a device that you have had for longer')
    const seed = random.bytes(32)
    const user8 = userIdBytes(me.userId).slice(0, 8)
    const hints = this.#addresses().filter((hint) => hint !== '' && utf8(hint).length <= MAX_INVITE_HINT_BYTES)
    const link = encodeDeviceLink({ seed, user8, hints: hints.slice(0, MAX_CARD_HINTS) })
    this.#keys = deviceLinkKeys({ seed, user8 })
    const expiresAt = clock.now() + LINK_MS
    this.#cancelExpiry = clock.setTimeout(() => void this.#end('LinkExpired'), LINK_MS)
    return this.#set({ state: 'waiting', link, expiresAt, code: undefined, deviceName: undefined, device: undefined, failure: undefined })
  }

  /** The person says that the new device shows this code. @throws {ParleyError} LinkRejected, NotAllowed */
  async confirm(code: string): Promise<void> {
    const newcomer = this.#newcomer
    const { crypto, me } = this.#context
    if (newcomer === undefined || this.#value?.state !== 'compare') throw new ParleyError('NotAllowed', 'no device waits to be added')
    if (code.replace(/[\s-]/gu, '') !== this.#value.code) {
      await this.#end('LinkRejected')
      throw new ParleyError(
        'LinkRejected',
        'the codes are different, so it is another device; nothing was added. Make a new link to try again',
      )
    }
    const cert = trustedDeviceCert((bytes) => crypto.sha256(bytes), me.cert)
    const endorsement = cert && (await endorseDevice(crypto, { keys: me.keys, cert }, newcomer.offer))
    if (endorsement === undefined) {
      await this.#end('LinkRejected')
      throw new ParleyError('LinkRejected', 'the keys of that device cannot be used; nothing was added')
    }
    this.#set({ ...this.#value, state: 'adding' })
    await newcomer.line.send(step('endorse', endorsement, me.cert, textsBytes([this.#name()])))
  }

  /** The person wants it no more. */
  cancel(): Promise<void> {
    return this.#end('LinkRejected')
  }

  /** One step of a new device. @throws {Reject} */
  async hear(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    const spent = this.#spent.find(({ key }) => equalBytes(key, line.proof.key))
    if (spent !== undefined) return line.send(refusal(spent.code))
    switch (fields[0]?.[0]) {
      case STEP.offer:
        return this.#onOffer(line, fields)
      case STEP.reveal:
        return this.#onReveal(line, fields)
      case STEP.certificate:
        return this.#onCertificate(line, fields)
      case STEP.done:
        return this.#onDone(line)
      case STEP.refused:
        refusalOf(fields)
        return this.#newcomer?.line === line ? this.#end('LinkRejected') : undefined
      default:
        throw new Reject('BadShape', 'step between devices')
    }
  }

  /** The link to the new device is gone. */
  closed(line: DeviceLine): void {
    if (this.#newcomer?.line !== line || this.#isOver) return
    this.#end('Unreachable').catch((error: unknown) => this.#context.report(error, 'adding a device'))
  }

  /** This device closes. */
  close(): void {
    this.#cancelExpiry()
  }

  get #isOver(): boolean {
    return this.#value === undefined || this.#value.state === 'done' || this.#value.state === 'failed'
  }

  async #onOffer(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    if (this.#newcomer !== undefined) return line.send(refusal('LinkUsed'))
    const [signKey, agreeKey, time, commitment, texts] = fieldsOf(fields, [32, 32, 8, 32, 0]) as Five
    const [name = ''] = readTexts(texts, 1)
    const offer: DeviceOffer = { signKey, agreeKey, createdMs: readTime(time), isRecovery: false }
    const exchange = new ShortCodeExchange({ transcript: line.transcript, side: line.side, nonce: this.#context.random.bytes(32) })
    const nonce = exchange.reveal(commitment)
    this.#newcomer = { line, offer, name, exchange, cert: undefined }
    await line.send(step('answer', exchange.commitment, nonce))
  }

  async #onReveal(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    const newcomer = this.#assert(line, 'waiting')
    const [nonce] = fieldsOf(fields, [32]) as [Uint8Array]
    try {
      const code = newcomer.exchange.finish(nonce)
      this.#set({ ...this.#assertValue(), state: 'compare', code, deviceName: newcomer.name })
    } catch (error) {
      await this.#end('LinkRejected')
      throw error
    }
  }

  async #onCertificate(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    const newcomer = this.#assert(line, 'adding')
    const [bytes] = fieldsOf(fields, [0]) as [Uint8Array]
    const { crypto, me } = this.#context
    const cert = await verifyDeviceCert(crypto, bundleCerts([...certsIn(me.cert), bytes]))
    const { signKey, agreeKey } = newcomer.offer
    const isAsOffered =
      cert !== undefined && equalBytes(cert.signKey, signKey) && equalBytes(cert.agreeKey, agreeKey) && cert.issuer === me.deviceId
    if (!isAsOffered || newcomer.cert !== undefined || cert.isRecovery) {
      await this.#end('LinkRejected')
      throw new Reject('BadProof', 'certificate')
    }
    // Another one may have come since the link was made.
    if (!this.#devices.hasRoom) return this.#end('TooLarge')
    newcomer.cert = cert
    const self = await this.#devices.add(cert, newcomer.name)
    const id = conversationIdBytes(self.id)
    await line.send(step('conversation', id, textsBytes(this.#addresses().slice(0, MAX_CARD_HINTS))))
    await self.whole()
    line.tell(self)
    await line.send(step('told', id))
  }

  async #onDone(line: DeviceLine): Promise<void> {
    const { cert } = this.#assert(line, 'adding')
    if (cert === undefined) throw new Reject('BadShape', 'step between devices')
    this.#spend('LinkUsed')
    this.#set({ ...this.#assertValue(), state: 'done', device: cert.deviceId })
    await this.#devices.settle()
  }

  #assert(line: DeviceLine, state: DeviceLinkOffer['state']): Newcomer {
    const newcomer = this.#newcomer
    if (newcomer?.line !== line || this.#value?.state !== state) throw new Reject('BadShape', 'step between devices')
    return newcomer
  }

  #assertValue(): DeviceLinkOffer {
    if (this.#value === undefined) throw new Reject('BadShape', 'step between devices')
    return this.#value
  }

  /** Ends the link code for good; a device that was added and has not got everything is put out again. */
  async #end(code: LinkRefusal | Extract<ErrorCode, 'Unreachable'>): Promise<void> {
    if (this.#isOver) return
    const newcomer = this.#newcomer
    this.#spend(code === 'Unreachable' ? 'LinkUsed' : code)
    this.#set({ ...this.#assertValue(), state: 'failed', failure: code })
    if (newcomer?.line.isOpen === true && code !== 'Unreachable') await newcomer.line.send(refusal(code))
    if (newcomer?.cert !== undefined) await this.#devices.remove(newcomer.cert.deviceId)
  }

  #spend(code: LinkRefusal): void {
    this.#cancelExpiry()
    if (this.#keys !== undefined) this.#spent.push({ key: this.#keys.proof, code })
    if (this.#spent.length > MAX_SPENT) this.#spent.shift()
    this.#keys = undefined
    this.#newcomer = undefined
  }

  #set(value: DeviceLinkOffer): DeviceLinkOffer {
    this.#value = Object.freeze(value)
    this.#onChange()
    return this.#value
  }
}

type Five = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
