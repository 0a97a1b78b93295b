/**
 * A person at the demo, for end-to-end tests: everything by role and accessible name, as a screen reader finds it.
 */
import { type BrowserContext, type BrowserContextOptions, expect, type Locator, type Page } from '@playwright/test'

/** Finding each other includes signalling, ICE and the handshake, on a machine that does other things too. */
export const MEETING_MS = 30_000

/** Makes a browser of its own for somebody: a context with separate storage. */
export type NewBrowser = (options?: BrowserContextOptions) => Promise<BrowserContext>

export class Person {
  readonly name: string
  page: Page

  private constructor(name: string, page: Page) {
    this.name = name
    this.page = page
  }

  /** Opens the demo in this browser (a context of its own is a browser of its own) and gives a name. */
  static async open(context: BrowserContext, url: string, name: string): Promise<Person> {
    const page = await context.newPage()
    await page.goto(url)
    return Person.introduce(page, name)
  }

  /** In a page that knows the name already, such as another tab. */
  static at(page: Page, name: string): Person {
    return new Person(name, page)
  }

  /** Gives a name in a page that asks for one. */
  static async introduce(page: Page, name: string): Promise<Person> {
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('button', { name: 'Continue' }).click()
    return new Person(name, page)
  }

  get timeline(): Locator {
    return this.page.getByRole('log', { name: 'Messages' })
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true })
  }

  get conversations(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' })
  }

  /** The message with exactly this text; not one that answers it and quotes it. */
  message(text: string): Locator {
    const said = this.page.locator('.message-text, .message-text *').and(this.page.getByText(text, { exact: true }))
    return this.timeline.getByRole('article').filter({ has: said })
  }

  /** The newest messages, oldest first, walked through by keyboard: not all of them are in the document at once. */
  async read(count: number): Promise<string[]> {
    const said: string[] = []
    let before: string | undefined
    await this.timeline.focus()
    while (said.length < count) {
      await this.page.keyboard.press('ArrowUp')
      const handle = await this.page.waitForFunction((id) => {
        const row = document.activeElement?.closest<HTMLElement>('[data-id]')
        return row === null || row === undefined || row.dataset['id'] === id
          ? undefined
          : [row.dataset['id']!, row.querySelector<HTMLElement>('.message-text')!.innerText]
      }, before)
      const [id, text] = (await handle.jsonValue())!
      before = id
      said.unshift(text!)
    }
    return said
  }

  /** What the timeline shows in view and around it, oldest first. */
  texts(): Promise<string[]> {
    return this.timeline.locator('.message-text').allInnerTexts()
  }

  /** Creates a group and leaves its invite dialog open. */
  async createGroup(title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'New group' }).click()
    await this.page.getByRole('textbox', { name: 'Title', exact: true }).fill(title)
    await this.page.getByRole('button', { name: 'Create group' }).click()
    await expect(this.page.getByRole('dialog', { name: 'Invite people' })).toBeVisible()
  }

  /** The link in the open invite dialog; closes the dialog. */
  async takeInviteLink(): Promise<string> {
    const field = this.page.getByLabel('Invite link')
    await expect(field).toHaveValue(/#.{20,}/)
    const link = await field.inputValue()
    await this.page.keyboard.press('Escape')
    await expect(this.page.getByRole('dialog')).toHaveCount(0)
    return link
  }

  /** Presses Join on the screen that an invite link opens, and waits to be let in. */
  async acceptInvite(title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Join group' }).click()
    await expect(this.page.getByRole('main', { name: title })).toBeVisible({ timeout: MEETING_MS })
    await expect(this.composer).toBeVisible({ timeout: MEETING_MS })
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.composer.press('Enter')
    await expect(this.message(text)).toBeVisible()
  }

  /** Waits until a text of somebody else is on the screen. */
  async hears(text: string): Promise<void> {
    await expect(this.message(text)).toBeVisible({ timeout: MEETING_MS })
  }

  /** Opens a menu by the name of its button and chooses. */
  async choose(menu: string, item: string): Promise<void> {
    await this.page.getByRole('button', { name: menu, exact: true }).click()
    await this.page.getByRole('menu', { name: menu }).getByText(item, { exact: true }).click()
    await expect(this.page.getByRole('menu')).toHaveCount(0)
  }

  /** Presses a button of a message, which shows when the pointer is on it. */
  async press(text: string, button: string): Promise<void> {
    await this.message(text).hover()
    await this.message(text).getByRole('button', { name: button, exact: true }).click()
  }

  /** Chooses from the menu of a message. */
  async chooseFor(text: string, item: string): Promise<void> {
    await this.press(text, 'More')
    await this.page.getByRole('menuitem', { name: item }).click()
  }

  /** The text of the own contact card. */
  async card(): Promise<string> {
    await this.page.getByRole('button', { name: 'People', exact: true }).click()
    await this.page.getByRole('button', { name: 'Your card' }).click()
    const field = this.page.getByRole('textbox', { name: 'Card', exact: true })
    await expect(field).toHaveValue(/^parley-card:/)
    await expect(this.page.getByRole('img', { name: 'Your card as a QR code' })).toBeVisible()
    const card = await field.inputValue()
    await this.page.keyboard.press('Escape')
    return card
  }

  /** Adds somebody by their card and leaves the list of contacts open. */
  async addContact(card: string, name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'People', exact: true }).click()
    await this.page.getByRole('button', { name: 'Add by card' }).click()
    await this.page.getByRole('textbox', { name: 'Their card' }).fill(card)
    await this.page.getByRole('button', { name: 'Add', exact: true }).click()
    await expect(this.page.getByRole('list', { name: 'Contacts' })).toContainText(name)
  }

  /** The row of somebody in the members panel, which has to be open. */
  member(name: string): Locator {
    return this.page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: name })
  }
}

/** Two people in two browsers, in one group of this title. */
export async function twoPeople(newBrowser: NewBrowser, url: string, title: string): Promise<[Person, Person]> {
  const alice = await Person.open(await newBrowser(), url, 'alice')
  await alice.createGroup(title)
  const link = await alice.takeInviteLink()
  const bob = await Person.open(await newBrowser(), link, 'bob')
  await bob.acceptInvite(title)
  return [alice, bob]
}
