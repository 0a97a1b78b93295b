/**
 * Finds the Chromium that the browser tests run in. Nothing is downloaded here; see `fetch-chromium.ts`.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'

/**
 * The address bar of a window is a page of its own that each context of a test loads: 1.2 of the 1.6 seconds of processor time that opening one
 * takes (Chromium 156, two shared cores), and nobody looks at it. The others are Playwright's own list, which ours takes the place of.
 */
const DISABLED_FEATURES: readonly string[] = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
]

/**
 * What every test browser is started with. No sandbox, because CI runs as root in a container; the others stop Chromium from talking to
 * the outside while tests run.
 */
export const CHROMIUM_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${DISABLED_FEATURES.join(',')}`,
]

/** Names under which distributions and vendors install a Chromium, the plainest first. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/snap/bin']

const MAC_APPS = ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** The path of a Chromium that can be started, or undefined when there is none; the first of `findChromiums`. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findChromiums(env)[0]
}

/**
 * Every Chromium here: the one that `PARLEY_CHROMIUM` names and no other, else those in `PATH` and in the usual folders, then
 * the build that `playwright install` has put into its cache.
 * @throws {Error} when `PARLEY_CHROMIUM` names something that cannot be run: better said than silently passed over.
 */
export function findChromiums(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = env['PARLEY_CHROMIUM']
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`PARLEY_CHROMIUM is ${named}, which is not a program that can be run.`)
    return [named]
  }
  const folders = new Set([...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), ...USUAL_FOLDERS])
  const installed = COMMANDS.flatMap((command) => [...folders].map((folder) => join(folder, command)))
  return [...installed, ...MAC_APPS, chromium.executablePath()].filter(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return path !== ''
  } catch {
    return false
  }
}
