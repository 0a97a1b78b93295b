/** The suite under vitest. */
import { afterAll, beforeAll, test } from 'vitest'
import type { Driver } from './driver.ts'
import { createStages, type Stage } from './stage.ts'
import { CASES, titleOf } from './suite.ts'

/** Declares every test, on one driver for all of them. */
export function runOnNode(create: () => Promise<Driver>): void {
  let driver: Driver
  let stage: () => Promise<Stage>
  beforeAll(async () => {
    driver = await create()
    stage = await createStages(driver)
  })
  afterAll(() => driver.close())
  for (const one of CASES) test(titleOf(one), async () => one.run(await stage()))
}
