/** The examples of the reference, compiled: each is put into a function around which there is what examples take for granted. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const COMPILER = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

/** What our sources are compiled with. */
const AMBIENT = fileURLToPath(new URL('../../packages/transport-webrtc/src/y-webrtc.d.ts', import.meta.url))

/** What an example can use without saying where it has it from. */
const GIVEN = `import { createParley } from '@parley/chat'
import type { Attachment, Conversation, ConversationId, MessageId, Parley, Timeline, UserId } from '@parley/chat'
declare const parley: Parley
declare const conversation: Conversation
declare const conversationId: ConversationId
declare const messageId: MessageId
declare const userId: UserId
declare const attachment: Attachment
declare const timeline: Timeline
declare const inviteLink: string
declare const card: string
declare const picture: File
declare const image: HTMLImageElement
declare const input: HTMLInputElement
declare function render(conversations: readonly Conversation[]): void
`

/** The same for what has elements of React in it; `names` are what `@parley/react` has. */
const givenReact = (names: readonly string[]): string => `import { createParley } from '@parley/chat'
import type { Attachment, Conversation, Message, MessageId, Parley, UserId } from '@parley/chat'
import { ${names.join(', ')} } from '@parley/react'
import { useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
declare const parley: Parley
declare const conversation: Conversation
declare const messageId: MessageId
declare const userId: UserId
declare const attachment: Attachment
`

export interface Example {
  /** Of what: `Conversation.getMessages`. */
  readonly name: string
  readonly code: string
  /** Whether there are elements of React in it. */
  readonly isReact: boolean
}

/** What the compiler says of the examples; empty when it has nothing to say. */
export function compileExamples(examples: readonly Example[], reactNames: readonly string[]): string {
  const folder = join(HERE, 'dist/examples')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = examples.map(({ name, code, isReact }, index) => {
    const path = join(folder, `${name.replace(/\W+/g, '-')}-${index}.${isReact ? 'tsx' : 'ts'}`)
    // What a page of React imports stands above it anyway; and some examples are what a component returns.
    const text = isReact
      ? `${givenReact(reactNames)}export async function example(): Promise<unknown> {\n${code.replace(/^import .*$/gm, '')}\nreturn\n}\n`
      : `${GIVEN}export async function example(): Promise<void> {\n${code}\n}\n`
    writeFileSync(path, text)
    return path
  })
  const tsconfig = join(folder, 'tsconfig.json')
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { types: ['node'], allowUnreachableCode: true },
      files: [...files, AMBIENT],
    }),
  )
  const { stdout, stderr } = spawnSync(process.execPath, [COMPILER, '-p', tsconfig], { encoding: 'utf8' })
  return stdout + stderr
}

/** The code of an `@example` as it stands in a comment: what its fences hold. */
export function codeOf(text: string): Omit<Example, 'name'> {
  const fences = [...text.matchAll(/```(tsx?)\n([\s\S]*?)```/g)]
  return { code: fences.map(([, , code]) => code).join('\n'), isReact: fences.some(([, kind]) => kind === 'tsx') }
}
