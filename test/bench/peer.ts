/** What every system must be able to do to be measured: the engine, the naive baseline and the floor. */
import type { BenchMessage } from './messages.ts'

export const SYSTEM_NAMES = ['parley', 'baseline', 'floor'] as const
/** `marked`: the engine, telling when what happens to a message. */
export type SystemName = (typeof SYSTEM_NAMES)[number] | 'marked'

/** Milliseconds from the call of `join`. */
export interface SyncTimes {
  /** Until the newest page could be read. */
  readonly newestMs: number
  /** Bytes on the wire until then, where the system can tell. */
  readonly newestBytes?: number
  /** Until every message was there and in the store. */
  readonly completeMs: number
}

/** One participant with its history on disk. Whoever opened it closes it. */
export interface BenchPeer {
  /** Resolves once the message survives a crash of the system. */
  send(message: BenchMessage): Promise<void>
  /** 25 messages, oldest first; page 1 holds the newest. */
  page(page: number): Promise<readonly BenchMessage[]>
  total(): Promise<number>
  /** What others need for `join` and `reconnect`. Only when opened online. */
  address(): Promise<string>
  /** With nothing here yet: takes over the `total` messages of the peer there. */
  join(address: string, total: number): Promise<SyncTimes>
  /** With the same history here as there: resolves once both know it. */
  reconnect(address: string): Promise<void>
  /** Bytes of its own frames so far, both ways, before what carries them adds its own; NaN where it does not count. */
  saidBytes(): number
  /** Hears of messages from others. */
  onMessage(listener: (message: BenchMessage) => void): void
  close(): Promise<void>
}

export interface System {
  /** Loads code that is otherwise loaded when it is first needed; called before any clock begins. */
  load?(): Promise<void>
  /** An empty folder becomes the start of a history. */
  create(folder: string): Promise<BenchPeer>
  /** `listen` also lets others in. */
  open(folder: string, network: 'offline' | 'online' | 'listen'): Promise<BenchPeer>
  /** Makes a history in an empty folder; without it, messages are sent. */
  makeHistory?(folder: string, total: number): Promise<void>
  /** An empty folder becomes somebody who knows nobody yet. */
  newcomer(folder: string): Promise<BenchPeer>
}

/** Loads one system and no other, so that a process weighs what that system weighs. */
export async function loadSystem(name: SystemName): Promise<System> {
  switch (name) {
    case 'parley':
      return (await import('./parley-peer.ts')).parleySystem
    case 'marked':
      return (await import('./marked-peer.ts')).markedSystem
    case 'baseline':
      return (await import('./baseline.ts')).baselineSystem
    case 'floor':
      return (await import('./floor.ts')).floorSystem
  }
}
