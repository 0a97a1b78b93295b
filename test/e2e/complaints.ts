/**
 * What the browser itself says against a page: errors and warnings of the console, what is deprecated, what it would not install.
 */
import type { Page } from '@playwright/test'

/** Issues that the browser would show to whoever works on the page; see `Audits` of its protocol. */
interface Issue {
  readonly code: string
  readonly details: { readonly genericIssueDetails?: { readonly errorType: string } }
}

/** `autocomplete="nickname"` is a word of HTML for what a person calls themself; Chromium fills in nothing for it and takes it for a mistake. */
const NICKNAME = 'FormInputHasWrongButWellIntendedAutocompleteValueError'

/** Gathers from now on; what it returns says all of it, and asks whether the page can be installed. */
export async function complaints(page: Page): Promise<() => Promise<string[]>> {
  const heard: string[] = []
  page.on('pageerror', ({ message }) => heard.push(`error: ${message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') heard.push(`${message.type()}: ${message.text()}`)
  })
  const session = await page.context().newCDPSession(page)
  session.on('Audits.issueAdded', ({ issue }: { issue: Issue }) => {
    const what = issue.details.genericIssueDetails?.errorType ?? issue.code
    if (what !== NICKNAME) heard.push(`issue: ${what}`)
  })
  session.on('Log.entryAdded', ({ entry }) => {
    if (entry.level !== 'verbose' && entry.level !== 'info') heard.push(`${entry.source}: ${entry.text}`)
  })
  await session.send('Log.enable')
  await session.send('Audits.enable')
  return async () => {
    const { errors } = await session.send('Page.getAppManifest')
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
    // Contexts of Playwright are windows that remember nothing, which install nothing.
    const reasons = installabilityErrors.map(({ errorId }) => errorId).filter((reason) => reason !== 'in-incognito')
    return [...heard, ...errors.map(({ message }) => `manifest: ${message}`), ...reasons.map((reason) => `cannot be installed: ${reason}`)]
  }
}
