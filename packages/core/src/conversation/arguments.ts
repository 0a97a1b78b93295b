/** Checks of what applications hand in, before anything is done with it. */
import { MAX_METADATA_KEYS, ParleyError, utf8 } from '@parley/protocol'
import type { Metadata, MetadataChange } from '../api.ts'

/** @throws {InvalidArgument} when it is no string, {TooLarge} beyond `max` characters or, in UTF-8, `maxBytes`. */
export function checkText(value: unknown, name: string, max = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') throw new ParleyError('InvalidArgument', `${name} must be a string`)
  if (value.length > max) throw new ParleyError('TooLarge', `${name} is longer than ${max} characters`)
  if (maxBytes < Number.POSITIVE_INFINITY && utf8(value).length > maxBytes)
    throw new ParleyError('TooLarge', `${name} is longer than ${maxBytes} bytes`)
  return value
}

/** @throws {InvalidArgument} when it is no object, as `undefined` or a bare text would be. */
export function checkObject<T extends object>(value: T, name: string): T {
  if (typeof value !== 'object' || value === null) throw new ParleyError('InvalidArgument', `${name} must be an object`)
  return value
}

export function checkMetadata(value: unknown): Metadata
export function checkMetadata(value: unknown, options: { nullable: true }): MetadataChange
/** @throws {InvalidMetadata} naming the key, for anything but a flat object of strings, finite numbers and booleans (and nulls, where they remove). */
export function checkMetadata(value: unknown, { nullable = false } = {}): MetadataChange {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ParleyError('InvalidMetadata', 'metadata must be a flat object')
  const checked: Record<string, string | number | boolean | null> = {}
  for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
    const isValue = typeof item === 'string' || typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item))
    if (!isValue && !(nullable && item === null))
      throw new ParleyError('InvalidMetadata', `metadata '${key}' must be a string, a finite number or a boolean`)
    Object.defineProperty(checked, key, { value: item, enumerable: true, configurable: true, writable: true })
  }
  const count = Object.keys(checked).length
  if (count > MAX_METADATA_KEYS)
    throw new ParleyError('InvalidMetadata', `metadata can have at most ${MAX_METADATA_KEYS} keys, not ${count}`)
  return checked
}

/** `metadata` after the change; null removes. */
export function applyMetadata(metadata: Metadata, change: MetadataChange): Metadata {
  const merged = new Map(Object.entries(metadata))
  for (const [key, value] of Object.entries(change)) {
    if (value === null) merged.delete(key)
    else merged.set(key, value)
  }
  return Object.fromEntries(merged)
}
