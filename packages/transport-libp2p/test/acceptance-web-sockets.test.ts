import { transportAcceptance } from '@parley/testing'
import { libp2pTransport } from '../src/index.ts'
import { startProxy, type Proxy } from './proxy.ts'

transportAcceptance('libp2p over WebSockets', {
  topicsDecide: false,
  createPair: async () => {
    const a = libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] })
    const b = libp2pTransport()
    let proxy: Proxy | undefined
    return {
      a,
      b,
      meet: async () => {
        proxy ??= await startProxy(a.addresses()[0] ?? '')
        await b.dial(proxy.address)
      },
      sever: () => proxy?.sever(),
      dispose: () => proxy?.close(),
    }
  },
})
