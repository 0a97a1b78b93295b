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

/** How a link code for a further device begins. */
const DEVICE_LINK = 'parley-link:'

/** The address that makes whoever opens it with a new profile a device of the person who shows it; the code stays in the fragment. */
export function deviceLinkUrl(link: string): string {
  return `${inviteBase()}#${link}`
}

/** The link code in a text: by itself, or at the end of an address. */
export function deviceLinkIn(text: string): string | undefined {
  const at = text.indexOf(DEVICE_LINK)
  return at < 0 ? undefined : text.slice(at).trim()
}

/** The link code for a further device in the address, or none. */
export function pageDeviceLink(): string | undefined {
  return deviceLinkIn(location.hash)
}

/** The invite link in the address, or none. */
export function pageInvite(): string | undefined {
  if (pageDeviceLink() !== undefined) return undefined
  return location.hash.length > MIN_INVITE_LENGTH ? `${inviteBase()}${location.hash}` : undefined
}

/** Takes the invite or link code out of the address, so that a reload or a shared screenshot does not use it again. */
export function clearPageInvite(): void {
  history.replaceState(history.state, '', `${location.pathname}${location.search}`)
}

/** Of the window of another person, in pixels; they stand beside this one where the screen has room. */
const OTHER_WIDTH = 560
const ROOM_FOR_TWO = 1_000

/** Opens a new person in this browser beside this one, optionally landing on an invite. */
export function openAnotherPerson(inviteLink?: string): void {
  const { availWidth, availHeight } = window.screen
  const beside = `popup,width=${OTHER_WIDTH},height=${availHeight},left=${availWidth - OTHER_WIDTH},top=0`
  window.open(anotherPersonUrl(inviteLink), '_blank', availWidth < ROOM_FOR_TWO ? 'noopener' : `noopener,${beside}`)
}

/** The address of a new tab as a new person in this browser, optionally landing on an invite. */
export function anotherPersonUrl(inviteLink?: string): string {
  const profile = `guest-${crypto.randomUUID().slice(0, 8)}`
  const fragment = inviteLink === undefined ? '' : new URL(inviteLink).hash
  return `${inviteBase()}?profile=${profile}${fragment}`
}
