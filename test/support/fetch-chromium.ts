/**
 * Makes sure that there is a Chromium to test in: takes the one that is there, else fetches one, and says in plain words what it does.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findChromiums } from './chromium.ts'

/** Playwright's build is about 170 MB; a network that cannot bring it in this time is better tried another way. */
const DOWNLOAD_MS = 300_000
/** Debian's package with everything it needs. */
const APT_MS = 600_000
const VERSION_MS = 30_000

const HELP = `No Chromium could be found or fetched. The browser tests need one:
  - install Chromium or Google Chrome with the means of your system, or
  - run: npx playwright install --with-deps chromium, or
  - name the program yourself: PARLEY_CHROMIUM=/path/to/chromium npm test`

/** The path of a Chromium that starts. @throws {Error} with advice for the reader when none could be had. */
export function ensureChromium(say: (line: string) => void): string {
  const found = findWorking()
  if (found !== undefined) return found

  say('There is no Chromium here: fetching the one that Playwright provides (about 170 MB) ...')
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
  run(process.execPath, [cli, 'install', 'chromium'], DOWNLOAD_MS)
  const fetched = findWorking()
  if (fetched !== undefined) return fetched

  say("That did not work, or it lacks libraries of this system: asking the system's package manager (apt-get install chromium) ...")
  apt('update')
  apt('install', '-y', '--no-install-recommends', 'chromium')
  const installed = findWorking()
  if (installed !== undefined) return installed
  throw new Error(HELP)
}

/** The first that not only lies there but starts: some systems have a stub of that name, and a download may lack its libraries. */
function findWorking(): string | undefined {
  return findChromiums().find(
    (path) => spawnSync(path, ['--version', '--no-sandbox'], { timeout: VERSION_MS, stdio: 'ignore' }).status === 0,
  )
}

function apt(...argv: string[]): void {
  if (process.getuid?.() === 0) run('apt-get', argv, APT_MS)
  else run('sudo', ['-n', 'apt-get', ...argv], APT_MS)
}

function run(command: string, argv: readonly string[], timeout: number): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Its failure shows in what is found afterwards; its own words go to the reader.
  spawnSync(command, argv, { env, timeout, killSignal: 'SIGKILL', stdio: ['ignore', 'inherit', 'inherit'] })
}
