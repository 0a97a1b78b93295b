/**
 * The rendezvous: where peers that know the same topic exchange the few encrypted messages that it takes to connect to each other.
 * It speaks the signalling protocol of y-webrtc (JSON over WebSocket: `subscribe`, `unsubscribe`, `publish`, `ping`), so stock y-webrtc
 * clients can use it too. It sees topic names that say nothing, ciphertext and addresses, and keeps none of them.
 * With `circuit` it is a libp2p circuit relay too, for peers that cannot reach each other at all.
 *
 * ```ts
 * const relay = await createRelay({ port: 0, host: '127.0.0.1', circuit: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } })
 * console.log(relay.url) // ws://127.0.0.1:49152
 * console.log(relay.multiaddrs) // ['/ip4/127.0.0.1/tcp/49153/ws/p2p/12D3KooW…']
 * await relay.close()
 * ```
 */
export { attachRelay, createRelay } from './relay.ts'
export type { AttachedRelay, Relay, RelayInit } from './relay.ts'
export type { CircuitInit } from './circuit/circuit.ts'
export { DEFAULT_CIRCUIT_LIMITS } from './circuit/limits.ts'
export type { CircuitLimits } from './circuit/limits.ts'
export type { CircuitRefusal, CircuitStats } from './circuit/stats.ts'
export type { RelayStats, TurnedAwayReason } from './counters.ts'
export type { TlsKeys } from './http.ts'
export type { AttachInit } from './hub.ts'
export { DEFAULT_LIMITS } from './limits.ts'
export type { RelayLimits } from './limits.ts'
export { createJsonLogger, LOG_LEVELS } from './logger.ts'
export type { LogLevel, RelayLogger } from './logger.ts'
export type { RefusalCode } from './message.ts'
