/**
 * The rules about who may import what, DESIGN.md section 4. Exits with 1 and one line per violation.
 *
 * Dependencies point downwards only; nothing reaches into another package's files; everything imported is declared; what has to run in a
 * browser imports nothing of Node.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A package may use packages of lower layers. Adapters share a layer: they know the interfaces of the core, not each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['protocol'],
  ['crypto'],
  ['core'],
  ['testing', 'store-indexeddb', 'store-level', 'transport-webrtc', 'transport-libp2p', 'transport-tabs'],
  ['chat'],
  ['react'],
  ['relay', 'desktop', 'web', 'example-minimal', 'example-react'],
]

/** What the bytes of the format must be, for the tests of every package. */
const VECTORS = join(ROOT, 'test/vectors/')

/** Interfaces and fakes for tests: nothing that ships may depend on it. */
const TEST_ONLY = 'testing'

/** Whose sources may import `node:` modules. Everywhere else a file says so in its name: `x.node.ts`. */
const NODE_ONLY = new Set(['store-level', 'relay', 'desktop'])

const IMPORT = /^\s*(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

interface Manifest {
  name: string
  exports?: Record<string, unknown>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

interface Workspace {
  readonly folder: string
  readonly short: string
  readonly manifest: Manifest
}

const violations: string[] = []
const workspaces = ['packages', 'apps']
  .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)))
  .flatMap(readWorkspace)
const exported = new Map(workspaces.map((one) => [one.manifest.name, Object.keys(one.manifest.exports ?? { '.': '' })]))

for (const workspace of workspaces) {
  checkManifest(workspace)
  for (const file of typescriptFiles(workspace.folder)) checkFile(workspace, file)
}
for (const line of violations) process.stderr.write(`${line}\n`)
process.stdout.write(`${workspaces.length} packages, ${violations.length} layer violations\n`)
process.exitCode = violations.length === 0 ? 0 : 1

function readWorkspace(folder: string): Workspace[] {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return []
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  return [{ folder, short: manifest.name.replace('@parley/', ''), manifest }]
}

function typescriptFiles(folder: string): string[] {
  return ['src', 'test', 'server']
    .map((part) => join(folder, part))
    .filter((path) => existsSync(path) && statSync(path).isDirectory())
    .flatMap((path) => readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name)))
    .filter((path) => /\.tsx?$/.test(path))
}

function checkManifest({ short, manifest, folder }: Workspace): void {
  if (layerOf(short) === undefined)
    report(join(folder, 'package.json'), `${manifest.name} is in no layer; name it in test/support/check-layers.ts`)
  for (const name of Object.keys(manifest.dependencies ?? {}).filter(isOurs)) checkDirection(short, name, join(folder, 'package.json'))
}

function checkFile(workspace: Workspace, file: string): void {
  const shipped = relative(workspace.folder, file).startsWith('src')
  const text = readFileSync(file, 'utf8')
  if (/^\s*export\s+\*/m.test(text)) report(file, '`export *`: name what is exported')
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? ''
    if (specifier.startsWith('.')) checkRelative(workspace, file, specifier)
    else if (isBuiltin(specifier)) checkBuiltin(workspace, file, specifier, shipped)
    else checkPackage(workspace, file, specifier, shipped)
  }
}

function checkRelative(workspace: Workspace, file: string, specifier: string): void {
  const target = resolve(dirname(file), specifier)
  // The recorded bytes of the format belong to every package that reads or writes it.
  if (target.startsWith(VECTORS) && !relative(workspace.folder, file).startsWith('src')) return
  if (relative(workspace.folder, target).startsWith('..')) report(file, `${specifier} leaves the package; import the package by its name`)
}

function checkBuiltin({ short }: Workspace, file: string, specifier: string, shipped: boolean): void {
  if (!shipped || NODE_ONLY.has(short) || short === TEST_ONLY || file.endsWith('.node.ts')) return
  report(file, `${specifier} in code that has to run in a browser; put it into a file named *.node.ts`)
}

function checkPackage(workspace: Workspace, file: string, specifier: string, shipped: boolean): void {
  const { manifest, short } = workspace
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...(shipped ? {} : manifest.devDependencies) }
  // An app is built, not installed: what it is built from may be a development dependency.
  const isDeclared = name in declared || (layerOf(short) === LAYERS.length - 1 && name in (manifest.devDependencies ?? {}))
  if (name !== manifest.name && !isDeclared) report(file, `${name} is not declared in package.json`)
  if (!isOurs(name)) return
  if (shipped && name !== manifest.name) checkDirection(short, name, file)
  const subpath = specifier === name ? '.' : `.${specifier.slice(name.length)}`
  if (!(exported.get(name) ?? []).includes(subpath))
    report(file, `${specifier} reaches into ${name}; only what its package.json exports is for others`)
}

function checkDirection(short: string, name: string, where: string): void {
  const target = name.replace('@parley/', '')
  const from = layerOf(short)
  const to = layerOf(target)
  if (from === undefined || to === undefined || to < from) {
    if (target === TEST_ONLY) report(where, `@parley/${TEST_ONLY} is for tests only`)
    return
  }
  report(where, `${short} may not depend on ${target}: dependencies point downwards`)
}

function layerOf(short: string): number | undefined {
  const layer = LAYERS.findIndex((names) => names.includes(short))
  return layer === -1 ? undefined : layer
}

function isOurs(name: string): boolean {
  return name.startsWith('@parley/')
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

function report(file: string, what: string): void {
  violations.push(`${relative(ROOT, file)}: ${what}`)
}
