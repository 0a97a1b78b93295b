/**
 * A user with several devices, and others, for the tests: keys and certificates that are the same in every run.
 */
import {
  createDeviceCert,
  createDeviceSecrets,
  deviceKeysOf,
  issueDeviceCert,
  verifyCertChain,
  type CryptoProvider,
  type DeviceKeys,
  type Issuer,
} from '../src/index.ts'
import { bytesOf, randomFrom } from './bytes.ts'

export const CREATED_MS = 1_790_000_000_000

/** A device with the certificates from its user's root to itself. */
export interface FamilyDevice extends Issuer {
  readonly chain: readonly Uint8Array[]
}

export function keysOf(provider: CryptoProvider, name: string): DeviceKeys {
  return deviceKeysOf(provider, createDeviceSecrets(randomFrom(name)))
}

/** The first device of a user. */
export async function rootOf(provider: CryptoProvider, name: string): Promise<FamilyDevice> {
  const keys = keysOf(provider, name)
  return deviceOf(provider, keys, [await createDeviceCert(provider, keys, { createdMs: CREATED_MS, salt16: bytesOf(`${name} salt`, 16) })])
}

/** A further device, added by `issuer`. */
export async function addedBy(
  provider: CryptoProvider,
  issuer: FamilyDevice,
  name: string,
  options: { isRecovery?: boolean } = {},
): Promise<FamilyDevice> {
  const keys = keysOf(provider, name)
  return deviceOf(provider, keys, [
    ...issuer.chain,
    await issueDeviceCert(provider, issuer, keys, { createdMs: CREATED_MS + 1, ...options }),
  ])
}

async function deviceOf(provider: CryptoProvider, keys: DeviceKeys, chain: readonly Uint8Array[]): Promise<FamilyDevice> {
  const cert = (await verifyCertChain(provider, chain))?.at(-1)
  if (cert === undefined) throw new Error('the chain does not hold')
  return { keys, cert, chain }
}
