/**
 * Private keys as things that act, not as bytes: whoever holds one can sign or agree, and cannot read it. Where the bytes are is the
 * business of the provider that made the key; in browsers they are nowhere that a script could reach.
 */

/** An Ed25519 private key. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The signature (RFC 8032, pure), 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** An X25519 private key. */
export interface AgreementKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The shared secret, 32 bytes, or undefined when the other's key is malformed or of small order. */
  agree(publicKey: Uint8Array): Promise<Uint8Array | undefined>
}

/** The two keys of a device. */
export interface DeviceKeys {
  readonly signing: SigningKey
  readonly agreement: AgreementKey
}

/** The secrets behind the keys of a device, 32 bytes each, for places that can keep nothing but bytes: the seed and the scalar. */
export interface DeviceSecrets {
  readonly signSecret: Uint8Array
  readonly agreeSecret: Uint8Array
}

/** Fresh secrets. `random` gives that many cryptographically random bytes. */
export function createDeviceSecrets(random: (length: number) => Uint8Array): DeviceSecrets {
  return { signSecret: random(32), agreeSecret: random(32) }
}

/** 32 bytes of our own. @throws {Error} for any other length; the message does not quote them. */
export function secretBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length !== 32) throw new Error('A secret key has 32 bytes.')
  return new Uint8Array(bytes)
}
