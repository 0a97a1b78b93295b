/** A peer in a process of its own that sends and fetches files as it is told over IPC: what the tests measure and kill. */
import { createHash } from 'node:crypto'
import { createParley, type Attachment, type Conversation } from '@parley/chat'

/** What a test asks of it. */
export type FileCommand =
  | { do: 'create' }
  | { do: 'join'; link: string }
  | { do: 'connect'; address: string; links: number }
  | { do: 'send'; path: string }
  | { do: 'fetch'; read?: boolean }
  | { do: 'say'; text: string }
  | { do: 'rest' }
  | { do: 'state' }

/** What it answers: what was asked for, and nothing else. */
export interface FileFacts {
  readonly link: string
  readonly listening: string
  readonly size: number
  /** Bytes of the file that are there. */
  readonly received: number
  readonly sha256: string
  /** When the message was handed over, in milliseconds since 1970. */
  readonly at: number
  /** Resident memory at rest, and the most since then. */
  readonly rss: number
  readonly peak: number
  /** Over the links that there are now. */
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What it answers, by the number of the command, and what it says unasked. */
export type FileReport =
  | { number: number; result: Partial<FileFacts> & { error?: string } }
  | { progress: number; bytesIn: number }
  | { heard: string; at: number }

/** Resident memory is looked at so often. */
const LOOK_EVERY_MS = 20

const [profile = '', listen = ''] = process.argv.slice(2)
const parley = await createParley({ profile, name: profile.split('/').at(-1)!, listen: [listen] })
let conversation: Conversation
let peak = 0
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), LOOK_EVERY_MS).unref()

const say = (report: FileReport): void => void process.send!(report)
const bytes = (way: 'bytesIn' | 'bytesOut'): number => parley.inspect().links.reduce((sum, link) => sum + link[way], 0)
const address = (): string => parley.inspect().addresses[0] ?? ''

function adopt(next: Conversation): void {
  conversation = next
  conversation.on('message', ({ text }) => {
    if (text !== '') say({ heard: text, at: performance.timeOrigin + performance.now() })
  })
}

async function file(): Promise<Attachment> {
  for (;;) {
    const [attachment] = await conversation.getAttachments()
    if (attachment !== undefined) return attachment
    await new Promise<void>((resolve) => {
      const off = conversation.on('message', () => {
        off()
        resolve()
      })
    })
  }
}

async function run(command: FileCommand): Promise<Partial<FileFacts>> {
  switch (command.do) {
    case 'create': {
      adopt(await parley.createGroup({ title: 'Files' }))
      return { link: await conversation.invite({ uses: 10 }), listening: address() }
    }
    case 'join':
      adopt(await parley.join(command.link))
      await conversation.admitted()
      return {}
    case 'connect':
      await parley.connect(command.address)
      while (conversation.syncState.peers < command.links)
        await new Promise<void>((resolve) => conversation.on('syncState', () => resolve()))
      return {}
    case 'send':
      return { size: (await conversation.sendMessage({ file: { path: command.path } })).attachments[0]!.size }
    case 'fetch': {
      const attachment = await file()
      let last = 0
      const onProgress = (received: number): void => {
        // Every mebibyte or so: IPC costs memory too.
        if (received - last < 1_048_576 && received < attachment.size) return
        last = received
        say({ progress: received, bytesIn: bytes('bytesIn') })
      }
      if (command.read !== true) {
        await attachment.fetch({ onProgress })
        return { received: await attachment.received() }
      }
      const hash = createHash('sha256')
      for await (const piece of attachment.stream({ onProgress })) hash.update(piece)
      return { sha256: hash.digest('hex') }
    }
    case 'say':
      return { at: performance.timeOrigin + performance.now(), size: (await conversation.sendMessage({ text: command.text })).text.length }
    case 'rest':
      globalThis.gc?.()
      peak = process.memoryUsage.rss()
      return { rss: peak }
    case 'state': {
      const [attachment] = await conversation.getAttachments()
      const listening = address()
      const [bytesIn, bytesOut] = [bytes('bytesIn'), bytes('bytesOut')]
      return {
        peak: Math.max(peak, process.memoryUsage.rss()),
        listening,
        bytesIn,
        bytesOut,
        received: (await attachment?.received()) ?? 0,
      }
    }
  }
}

if (parley.conversations[0] !== undefined) adopt(parley.conversations[0])
process.on('message', ({ number, command }: { number: number; command: FileCommand }) => {
  run(command).then(
    (result) => say({ number, result }),
    (error: unknown) => say({ number, result: { error: String(error) } }),
  )
})
process.on('disconnect', () => process.exit(0))
say({ number: 0, result: {} })
