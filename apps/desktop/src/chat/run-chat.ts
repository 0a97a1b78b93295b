/**
 * The terminal interface from its first to its last frame.
 */
import type { Conversation } from '@parley/core'
import type { OpenScreen } from '../screen.ts'
import { aborted } from '../wait.ts'
import { ChatApp } from './app.ts'
import type { AppInit } from './app.ts'
import { KeyReader } from './keys.ts'

/** Runs until the person leaves or the signal aborts; the terminal is then as it was, also after a failure, which is thrown. */
export async function runChat(
  init: Omit<AppInit, 'leave'> & { readonly openScreen: OpenScreen },
  conversation: Conversation | undefined,
): Promise<void> {
  const left = new AbortController()
  const signal = AbortSignal.any([init.signal, left.signal])
  let failure: Error | undefined
  const leave = (why?: unknown): void => {
    if (why !== undefined) failure ??= why instanceof Error ? why : new Error('the interface failed', { cause: why })
    left.abort()
  }
  const app = new ChatApp({ ...init, signal, leave })
  const reader = new KeyReader()
  const screen = init.openScreen({
    keys(text) {
      try {
        for (const key of reader.push(text)) app.press(key)
      } catch (error) {
        leave(error)
      }
    },
    resized: () => app.changed(),
  })
  try {
    if (conversation !== undefined) app.open(conversation)
    app.start(screen)
    await aborted(signal)
  } finally {
    app.stop()
    screen.close()
  }
  if (failure !== undefined) throw failure
}
