/**
 * Brings node_modules in step with pnpm-lock.yaml. Plain JavaScript for Node 20 without any dependency: it runs before there are any.
 * Says nothing and costs nothing when everything is in step already. Exits with 1 when the install failed.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@10.34.9'
const OLDEST_NODE = 20
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const lockFile = join(root, 'pnpm-lock.yaml')
const modules = join(root, 'node_modules')
/** A copy of the lock file, written after a complete install: equal means in step. `.ci/node24.sh` compares it too. */
const stamp = join(modules, '.in-step-with')
/** Holds the process id of the install under way, so that two commands started at once do not install into one folder. */
const mutex = join(modules, '.install-under-way')

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`Parley needs Node ${OLDEST_NODE} or newer; this is ${process.version}. See https://nodejs.org`)
}
if (!inStep()) {
  mkdirSync(modules, { recursive: true })
  takeMutex()
  try {
    if (!inStep()) install()
  } finally {
    rmSync(mutex, { force: true })
  }
}

function inStep() {
  return exists(stamp) && readFileSync(stamp).equals(readFileSync(lockFile)) && exists(join(modules, 'node', 'bin'))
}

function install() {
  process.stderr.write(`Installing dependencies with ${PNPM} (the first time takes a minute) ...\n`)
  // A quiet `npm run -s` would make npx hide its errors, NODE_ENV=production would leave out the tools, --prefix would misplace npx's cache.
  const env = { ...process.env, NODE_ENV: 'development' }
  for (const name of ['npm_config_loglevel', 'npm_config_prefix', 'npm_config_local_prefix', 'npm_config_global_prefix']) delete env[name]
  const argv = [
    '--yes',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
    '--reporter=append-only',
    '--config.confirm-modules-purge=false',
  ]
  const windows = process.platform === 'win32'
  const result = spawnSync(windows ? 'npx.cmd' : 'npx', argv, { cwd: root, env, stdio: ['ignore', 2, 2], shell: windows })
  if (result.status !== 0) {
    const how = result.error?.message ?? (result.signal === null ? `exit code ${result.status}` : result.signal)
    fail(`The install failed (${how}). It needs npm's npx and a network; the lines above say more. Try again with: npm run setup`)
  }
  writeFileSync(stamp, readFileSync(lockFile))
}

function takeMutex() {
  for (let announced = false; ; announced = true) {
    try {
      writeFileSync(mutex, String(process.pid), { flag: 'wx' })
      process.once('exit', () => rmSync(mutex, { force: true }))
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!holderLives()) {
      rmSync(mutex, { force: true })
      continue
    }
    if (!announced) process.stderr.write('Another command is installing the dependencies; waiting for it ...\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
  }
}

function holderLives() {
  try {
    const pid = Number(readFileSync(mutex, 'utf8'))
    if (pid === 0) return Date.now() - statSync(mutex).mtimeMs < 5000 // just made, its id not written yet
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function exists(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
