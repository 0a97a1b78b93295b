/** A peer in a process of its own: echoes frames until the channel closes, then stops. Started by `process.test.ts`; prints its address. */
import { libp2pTransport } from '../src/index.ts'

const transport = libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })
await transport.start({
  onChannel: (channel) => {
    channel.onFrame((frame) => channel.send(frame))
    channel.onClose(() => void transport.stop())
  },
  clock: {
    now: () => Date.now(),
    setTimeout(callback, ms) {
      const id = setTimeout(callback, ms)
      return () => clearTimeout(id)
    },
  },
  random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  logger: { debug: () => undefined, warn: () => undefined, error: () => undefined },
})
process.stdout.write(`${transport.addresses()[0]}\n`)
