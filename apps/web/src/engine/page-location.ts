/**
 * What the address of the page says: whose profile this tab is, and whether an invite came with it.
 */

/** The profile of a tab that names none. */
const DEFAULT_PROFILE = 'me'
/** Shorter fragments are ordinary anchors, not invites. */
const MIN_INVITE_LENGTH = 16

/** The profile that this tab is: `?profile=`, letters, digits, `-` and `_` only because it becomes the name of a database. */
export function pageProfile(): string {
  const named = new URLSearchParams(location.search).get('profile') ?? ''
  return /^[\w-]{1,40}$/.test(named) ? named : DEFAULT_PROFILE
}

/** The part before `#` of invite links that this page makes. */
export function inviteBase(): string {
  return `${location.origin}${location.pathname}`
}

/** The invite link in the address, or none. */
export function pageInvite(): string | undefined {
  return location.hash.length > MIN_INVITE_LENGTH ? `${inviteBase()}${location.hash}` : undefined
}

/** Takes the invite out of the address, so that a reload or a shared screenshot does not use it again. */
export function clearPageInvite(): void {
  history.replaceState(history.state, '', `${location.pathname}${location.search}`)
}

/** The address of a new tab as a new person in this browser, optionally landing on an invite. */
export function anotherPersonUrl(inviteLink?: string): string {
  const profile = `guest-${crypto.randomUUID().slice(0, 8)}`
  const fragment = inviteLink === undefined ? '' : new URL(inviteLink).hash
  return `${inviteBase()}?profile=${profile}${fragment}`
}
