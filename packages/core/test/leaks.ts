/** Looks for secrets in whatever was said: in logs, errors and snapshots. */
import { toBase32, toBase64Url } from '@parley/protocol'

/** Bytes of a secret that are looked for: chance does not make so many equal, and fewer would be no use to anybody. */
const PREFIX_BYTES = 12

/** Everything inside of a value as one text: keys and values of objects, errors with stack and causes, bytes as hex. */
export function allOf(value: unknown, seen = new Set<unknown>()): string {
  if (value instanceof ArrayBuffer) return allOf(new Uint8Array(value))
  if (value instanceof Uint8Array) return ` bytes:${hex(value)} `
  if (typeof value !== 'object' || value === null) return ` ${String(value)} `
  if (seen.has(value)) return ''
  seen.add(value)
  const hidden =
    value instanceof Error
      ? [value.name, value.message, value.stack, value.cause]
      : value instanceof Map || value instanceof Set
        ? [...value]
        : []
  return [...hidden, ...Object.keys(value), ...Object.values(value)].map((part) => allOf(part, seen)).join('')
}

/** The ways in which bytes get into a text by accident or on purpose. */
export function formsOf(secret: Uint8Array): string[] {
  const bytes = secret.subarray(0, PREFIX_BYTES)
  const base64 = btoa(String.fromCharCode(...bytes))
  return [
    hex(bytes),
    hex(bytes).toUpperCase(),
    base64,
    toBase64Url(bytes),
    // The last character of base 32 would hold bits of the byte behind.
    toBase32(bytes).slice(0, -1),
    bytes.join(','),
    bytes.join(', '),
    String.fromCharCode(...bytes),
  ]
}

/** Names of the secrets that are in `text`. Bytes are looked for in all their forms, texts as they are and as bytes. */
export function secretsIn(text: string, secrets: Readonly<Record<string, Uint8Array | string>>): string[] {
  const found = Object.entries(secrets).filter(([, secret]) => {
    const forms = typeof secret === 'string' ? [secret, ...formsOf(new TextEncoder().encode(secret))] : formsOf(secret)
    return forms.some((form) => text.includes(form))
  })
  return found.map(([name]) => name)
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
