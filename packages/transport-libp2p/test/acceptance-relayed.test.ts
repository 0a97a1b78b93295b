import { isParleyError } from '@parley/protocol'
import { transportAcceptance } from '@parley/testing'
import { libp2pTransport } from '../src/index.ts'
import { startTestRelay } from './circuit.ts'

transportAcceptance('libp2p through a relay', {
  topicsDecide: false,
  createPair: async () => {
    const relay = await startTestRelay(['/ip4/127.0.0.1/tcp/0/ws'])
    // Neither listens: they reach each other through the relay or not at all.
    const a = libp2pTransport({ relays: relay.addresses })
    const b = libp2pTransport()
    /** False while the place at the relay, or the connection to it, is just being lost. */
    const dial = async (): Promise<boolean> => {
      const [address] = a.addresses()
      if (address === undefined) return false
      try {
        await b.dial(address)
        return true
      } catch (error) {
        if (isParleyError(error, 'Unreachable')) return false
        throw error
      }
    }
    return {
      a,
      b,
      meet: async () => {
        while (!(await dial())) {
          a.wake()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      },
      sever: () => relay.sever(),
      dispose: () => relay.close(),
    }
  },
})
