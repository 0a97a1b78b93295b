/**
 * Looks at a screen as people meet it: on a phone and at a desk, light and dark, with the eyes of axe. With `PARLEY_SCREENS=FOLDER` it takes pictures as well,
 * also of a tablet.
 */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { join } from 'node:path'

const FOLDER = process.env['PARLEY_SCREENS']

const PHONE = { width: 390, height: 844 } as const
const TABLET = { width: 820, height: 1180 } as const
const DESK = { width: 1440, height: 900 } as const
const THEMES = ['light', 'dark'] as const

/** Expects that a screen bars nobody and fits; leaves the page at the size of a desk, in light. */
export async function look(page: Page, name: string): Promise<void> {
  for (const size of FOLDER === undefined ? [PHONE, DESK] : [PHONE, TABLET, DESK]) {
    await page.setViewportSize(size)
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      if (FOLDER !== undefined) await page.screenshot({ path: join(FOLDER, `${name}-${size.width}-${colorScheme}.png`) })
      const where = `${name}, ${size.width} px, ${colorScheme}`
      // Between the two themes only the colours differ, and between sizes only what there is.
      if (size === DESK) expect.soft(await violations(page, ...(colorScheme === 'dark' ? [['color-contrast']] : [])), where).toEqual([])
      else if (size === PHONE && colorScheme === 'light') expect.soft(await violations(page), where).toEqual([])
    }
    expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), `${name} fits into ${size.width} px`).toBe(size.width)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** What axe finds: the rule, in words, and where. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page })
  const found = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`))
}
