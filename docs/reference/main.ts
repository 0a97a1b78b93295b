/**
 * `npm run docs`: the reference of `@parley/chat` and `@parley/react`, as HTML in `docs/reference/dist/html`. Fails when anything that they export is
 * without a comment, when a call, a hook or a component is without an example, and when an example does not compile.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Application, ReflectionKind, type DeclarationReflection, type ProjectReflection } from 'typedoc'
import { codeOf, compileExamples, type Example } from './examples.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** What applications hold: every call of these has an example. */
const HELD = new Set(['Parley', 'Conversation', 'Timeline', 'Attachment'])

/** Guides whose code stands in pieces; that of the others is a program, which a test runs. */
const GUIDES = ['export', 'offline', 'security', 'react']

const application = await Application.bootstrap({
  name: 'Parley',
  entryPoints: [path('../../packages/chat/src/index.ts'), path('../../packages/react/src/index.ts')],
  tsconfig: path('tsconfig.json'),
  readme: path('../../README.md'),
  // The compiler of the repository has looked at the sources already.
  skipErrorChecking: true,
  excludeExternals: true,
  excludePrivate: true,
  disableSources: true,
  requiredToBeDocumented: ['Variable', 'Function', 'Class', 'Interface', 'TypeAlias', 'Property', 'Method', 'Accessor'],
  validation: {
    notExported: true,
    notDocumented: true,
    invalidLink: true,
    invalidPath: false,
    rewrittenLink: true,
    unusedMergeModuleWith: true,
  },
  sort: ['source-order'],
  logLevel: 'Warn',
})
const project = await application.convert()
if (project === undefined) process.exit(1)
application.validate(project)
const problems = application.logger.warningCount + application.logger.errorCount
const react = ofReact(project)
const calls = [...callsOf(project), ...react]
const missing = calls.filter((call) => examplesOf(call).length === 0)
for (const call of missing) process.stderr.write(`${call.getFullName()} has no example\n`)
const all = (Object.values(project.reflections) as DeclarationReflection[]).flatMap(examplesOf)
/** A call that several interfaces have shows the same one in each. */
const examples = [...new Map([...all, ...guided()].map((example) => [example.code, example])).values()]
const complaints = compileExamples(
  examples,
  react.map(({ name }) => name),
)
process.stderr.write(complaints)
await application.generateDocs(project, path('dist/html'))
process.stdout.write(`${calls.length} calls, ${examples.length} examples, ${problems + missing.length} gaps\n`)
if (problems > 0 || missing.length > 0 || react.length === 0 || complaints !== '' || examples.length === 0) process.exitCode = 1

function callsOf(project: ProjectReflection): DeclarationReflection[] {
  const methods = project.getReflectionsByKind(ReflectionKind.Method) as DeclarationReflection[]
  return methods.filter(({ parent }) => parent !== undefined && HELD.has(parent.name))
}

/** The hooks, the components and what they stand on. */
function ofReact(project: ProjectReflection): DeclarationReflection[] {
  const module = project.children?.find(({ name }) => name.startsWith('react/'))
  const kinds = new Set([ReflectionKind.Function, ReflectionKind.Variable, ReflectionKind.Class])
  return (module?.children ?? []).filter(({ kind }) => kinds.has(kind))
}

function guided(): Example[] {
  return GUIDES.map((name) => ({ name: `guide-${name}`, ...codeOf(readFileSync(path(`../guides/${name}.md`), 'utf8')) }))
}

/** Those of a declaration or, of a function, of its signatures. */
function examplesOf(reflection: DeclarationReflection): Example[] {
  const comments = [reflection.comment, ...(reflection.signatures ?? []).map(({ comment }) => comment)]
  return comments.flatMap((comment) =>
    (comment?.getTags('@example') ?? []).map(({ content }) => ({
      name: reflection.getFullName(),
      ...codeOf(content.map(({ text }) => text).join('')),
    })),
  )
}
