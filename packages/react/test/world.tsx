/** What tests of the package stand on: real engines in real IndexedDB, and components in the real page. */
import { createParley, type Conversation, type Parley, type ParleyInit } from '@parley/chat'
import type { ReactNode } from 'react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onTestFinished, vi } from 'vitest'
import { ParleyProvider } from '../src/index.ts'
import '../src/styles.css'

/** On a machine that does other things too. */
export const PATIENCE = { timeout: 20_000, interval: 20 }

/** Somebody on a device of their own, until the test ends. Two of them meet over BroadcastChannel. */
export async function person(name: string, init: ParleyInit = {}): Promise<Parley> {
  const parley = await createParley({ profile: `${name}-${crypto.randomUUID()}`, name, ...init })
  onTestFinished(() => parley.close())
  return parley
}

/** Alice, and a group of her own with nobody to talk to. */
export async function aliceAlone(texts: readonly string[] = []): Promise<{ alice: Parley; group: Conversation }> {
  const alice = await person('alice', { offline: true })
  const group = await alice.createGroup({ title: 'Picnic' })
  await Promise.all(texts.map((text) => group.sendMessage({ text })))
  return { alice, group }
}

/** Alice and Bob in one group, connected. */
export async function aliceAndBob(): Promise<{ alice: Parley; atAlice: Conversation; atBob: Conversation }> {
  const alice = await person('alice')
  const bob = await person('bob')
  const atAlice = await alice.createGroup({ title: 'Picnic' })
  const atBob = await bob.join(await atAlice.invite())
  await atBob.admitted()
  return { alice, atAlice, atBob }
}

/** Shows this in a page of 800 by 600, with the engine around it. Returns what shows something else in its place. */
export function show(parley: Parley, children: ReactNode): (children: ReactNode) => void {
  const container = document.createElement('div')
  container.style.cssText = 'width: 800px; height: 600px'
  document.body.append(container)
  const root = createRoot(container)
  const render = (next: ReactNode): void =>
    root.render(
      <StrictMode>
        <ParleyProvider parley={parley}>{next}</ParleyProvider>
      </StrictMode>,
    )
  render(children)
  onTestFinished(() => {
    root.unmount()
    container.remove()
  })
  return render
}

/** The rows that are in the document, by their texts. */
export function texts(): string[] {
  return [...document.querySelectorAll('.parley-message-text')].map((text) => text.textContent)
}

/** Waits until this holds. */
export function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  return vi.waitFor(async () => {
    if (!(await holds())) throw new Error('not yet')
  }, PATIENCE)
}
