import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'

/** Groups of 16 bits in the /64 that one IPv6 subscriber line gets; it could change the rest with every connection. */
const IPV6_PREFIX_GROUPS = 4

/**
 * What counts as one client for `connectionsPerAddress`. Behind a reverse proxy (`trustProxy`) it is the last address of
 * `X-Forwarded-For`, the only one that the proxy itself wrote.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? forwardedAddress(request) : undefined
  return addressGroup(forwarded ?? request.socket.remoteAddress ?? '')
}

/** The last address of `X-Forwarded-For`, the one that the nearest proxy wrote; undefined when there is none. */
export function forwardedAddress(request: IncomingMessage): string | undefined {
  const header = request.headers['x-forwarded-for']
  const last = (Array.isArray(header) ? header.at(-1) : header)?.split(',').at(-1)?.trim()
  return last === '' ? undefined : last
}

/** An IPv4 address as it is (also when written inside IPv6), the /64 of an IPv6 address, other text unchanged. */
export function addressGroup(address: string): string {
  const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  if (isIPv4(plain) || !isIPv6(plain)) return plain
  const [front = '', back] = plain.toLowerCase().split('::')
  const head = front === '' ? [] : front.split(':')
  const tail = back === undefined || back === '' ? [] : back.split(':')
  const zeros = back === undefined ? 0 : 8 - head.length - tail.length
  const groups = [...head, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...tail]
  return `${groups.slice(0, IPV6_PREFIX_GROUPS).join(':')}::/64`
}
