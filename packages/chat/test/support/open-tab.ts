import { onTestFinished } from 'vitest'
import type { Conversation, Message, Parley, ParleyInit, TabStatus } from '../../src/index.browser.ts'
import type { Tab } from './tab.ts'

/** Finding a host, or taking over, on a machine that does other things too. */
export const PATIENCE = { timeout: 20_000, interval: 10 }

/** A tab with a client in it. */
export interface OpenTab {
  readonly parley: Parley
  status(): TabStatus | undefined
  /** The tab dies: no goodbye, nothing of it runs any more. */
  kill(): void
}

/** Opens a tab of this profile. */
export async function openTab(init: ParleyInit): Promise<OpenTab> {
  const frame = document.createElement('iframe')
  const ready = new Promise((resolve) => frame.addEventListener('tab', resolve, { once: true }))
  frame.srcdoc = `<script type="module" src="${new URL('./tab.ts', import.meta.url).href}"></script>`
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  await ready
  const { tab } = frame.contentWindow as unknown as { tab: Tab }
  const parley = await tab.createParley(init)
  return { parley, status: () => tab.tabStatus(parley), kill: () => frame.remove() }
}

/** The only conversation of a client. */
export function onlyConversation(parley: Parley): Conversation {
  const [conversation, ...more] = parley.conversations
  if (conversation === undefined || more.length > 0) throw new Error('one conversation was expected')
  return conversation
}

/** Every message of a conversation, oldest first. */
export async function allMessages(conversation: Conversation): Promise<Message[]> {
  const messages: Message[] = []
  for (let page = 1; ; page++) {
    const { messages: some, totalPages } = await conversation.getMessages(page)
    messages.unshift(...some)
    if (page >= totalPages) return messages
  }
}

export async function textsOf(conversation: Conversation): Promise<string[]> {
  return (await allMessages(conversation)).map(({ text }) => text)
}
