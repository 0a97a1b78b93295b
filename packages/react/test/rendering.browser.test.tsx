/** What a message costs a screen: one row, whatever the length of the conversation. */
import { memo, Profiler } from 'react'
import type { ReactNode } from 'react'
import { expect, test } from 'vitest'
import { MessageRow, Timeline, type MessageRowProps } from '../src/index.ts'
import { aliceAlone, aliceAndBob, show, texts, until } from './world.tsx'

/** How often the row of each text was rendered. */
const renders = new Map<string, number>()

const CountedRow = memo(function CountedRow(props: MessageRowProps) {
  const { text } = props.message
  return (
    <Profiler id={text} onRender={() => renders.set(text, (renders.get(text) ?? 0) + 1)}>
      <MessageRow {...props} />
    </Profiler>
  )
})

const counted = (row: MessageRowProps): ReactNode => <CountedRow {...row} />

/** Less than a view. */
const STEP_PX = 150
/** A row that no longer opens a run of messages is smaller by its margin. */
const SLACK_PX = 10

async function frames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame)
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `message ${index}`)

test('a message of somebody else renders its own row and no other', async () => {
  const { alice, atAlice, atBob } = await aliceAndBob()
  for (const text of numbered(8)) await atBob.sendMessage({ text })
  await until(async () => (await atAlice.getMessages()).totalMessages === 8)
  // Handlers that are other functions at each render, as applications write them.
  show(alice, <Timeline conversation={atAlice} renderMessage={counted} onReply={() => undefined} onEdit={() => undefined} />)
  await until(() => texts().length === 8 && atAlice.unread === 0)
  renders.clear()
  await atBob.sendMessage({ text: 'the new one' })
  await until(() => texts().includes('the new one') && atAlice.unread === 0)
  // A second time when it is seen: who has seen it is a part of a message.
  expect([...renders.keys()]).toEqual(['the new one'])
  expect(renders.get('the new one')).toBeLessThanOrEqual(2)
  renders.clear()
  // Typing and presence render no row either.
  const typing = new Promise((resolve) => atAlice.on('typing', resolve))
  atBob.startTyping()
  await typing
  await atBob.react((await atBob.getMessages()).messages[3]!.id, '👍')
  await until(() => renders.size > 0)
  expect([...renders]).toEqual([['message 3', 1]])
})

test('of many messages those in view are in the document; older ones come while the reader stays where they are', async () => {
  const { alice, group } = await aliceAlone(numbered(300))
  const render = show(alice, <Timeline conversation={group} />)
  const scroller = (): HTMLElement => document.querySelector<HTMLElement>('.parley-timeline-scroller')!
  const rest = (): number => scroller().scrollHeight - scroller().scrollTop - scroller().clientHeight
  await until(() => texts().at(-1) === 'message 299' && rest() < 2)
  expect(texts().length).toBeLessThan(40)
  // Up, until older ones were fetched: with each step what the reader sees moves by the step, and by no more.
  const moved: number[] = []
  while (!texts().includes('message 230')) {
    const { top, height } = scroller().getBoundingClientRect()
    const seen = document.elementFromPoint(400, top + height / 2)!.closest<HTMLElement>('[data-index]')!
    const from = seen.getBoundingClientRect().top
    scroller().scrollTop -= STEP_PX
    await frames(3)
    // The row itself, not another one that stands there now.
    moved.push(scroller().contains(seen) ? Math.round(seen.getBoundingClientRect().top - from) : Number.NaN)
  }
  // A step that meets the older messages may be taken back; the three thousand pixels of them move nothing.
  expect(Math.min(...moved)).toBeGreaterThan(-SLACK_PX)
  expect(Math.max(...moved)).toBeLessThan(STEP_PX + SLACK_PX)
  expect(texts().length).toBeLessThan(40)
  // A message far away: its surroundings are fetched, and it has the focus.
  const target = (await group.getMessages(11)).messages[0]!
  render(<Timeline conversation={group} target={target} />)
  await until(() => document.activeElement?.getAttribute('data-id') === target.id)
  const { top, bottom } = document.activeElement!.getBoundingClientRect()
  const frame = scroller().getBoundingClientRect()
  expect(top >= frame.top && bottom <= frame.bottom).toBe(true)
  // And back.
  document.querySelector<HTMLButtonElement>('.parley-to-newest')!.click()
  await until(() => texts().at(-1) === 'message 299' && rest() < 2)
})
