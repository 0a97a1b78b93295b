/**
 * Looks at a screen as people meet it: on a phone and at a desk, light and dark, with the eyes of axe. With `PARLEY_SCREENS=FOLDER` it takes pictures as well,
 * also of a tablet, and of each one more in German.
 */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { join } from 'node:path'
import { inGerman } from './in-german.ts'

const FOLDER = process.env['PARLEY_SCREENS']

const PHONE = { width: 390, height: 844 } as const
const TABLET = { width: 820, height: 1180 } as const
const DESK = { width: 1440, height: 900 } as const
const THEMES = ['light', 'dark'] as const
/** Far the slowest rule; what it says depends on the theme, and not on the size. */
const CONTRAST = 'color-contrast'

/** Expects that a screen bars nobody and fits; leaves the page at the size of a desk, in light. */
export async function look(page: Page, name: string): Promise<void> {
  for (const size of FOLDER === undefined ? [PHONE, DESK] : [PHONE, TABLET, DESK]) {
    await page.setViewportSize(size)
    for (const colorScheme of THEMES) {
      const where = `${name}, ${size.width} px, ${colorScheme}`
      // Between the two themes only the colours differ, and between sizes only what there is.
      const rules = { light: size === DESK ? 'all' : 'all but contrast', dark: size === DESK ? 'contrast' : 'none' } as const
      if (FOLDER === undefined && rules[colorScheme] === 'none') continue
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      if (FOLDER !== undefined) await picture(page, FOLDER, `${name}-${size.width}-${colorScheme}`)
      if (size !== TABLET) expect.soft(await violations(page, rules[colorScheme]), where).toEqual([])
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${name} fits into ${size.width} px`).toBe(size.width)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

async function picture(page: Page, folder: string, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await inGerman(page, () => page.screenshot({ path: join(folder, `${name}-de.png`) }))
}

/** What axe finds: the rule, in words, and where. */
async function violations(page: Page, rules: 'all' | 'all but contrast' | 'contrast' | 'none'): Promise<string[]> {
  if (rules === 'none') return []
  // Once it is in the page it stays; without frames of others there is nothing to be put together on a page of its own.
  const isThere = await page.evaluate(() => 'axe' in globalThis)
  const axe = new AxeBuilder({ page, ...(isThere ? { axeSource: 'void 0' } : {}) }).setLegacyMode()
  if (rules === 'contrast') axe.withRules([CONTRAST])
  if (rules === 'all but contrast') axe.disableRules([CONTRAST])
  const found = await axe.analyze()
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`))
}
