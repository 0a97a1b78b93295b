import { test } from '@playwright/test'
import { createBrowserDriver } from './browser-driver.ts'
import type { Driver } from './driver.ts'
import { createStages, type Stage } from './stage.ts'
import { CASES, titleOf } from './suite.ts'

let driver: Driver
let stage: () => Promise<Stage>
test.beforeAll(async ({ browser }) => {
  driver = await createBrowserDriver(browser)
  stage = await createStages(driver)
})
test.afterAll(() => driver.close())
for (const one of CASES) test(titleOf(one), async () => one.run(await stage()))
