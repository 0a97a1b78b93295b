/** Where the peers of the contract suite run: everything that differs between one process, several, and browsers. */
import type { Peer } from './peer.ts'

export interface OpenInit {
  /** No transport at all. */
  readonly offline?: boolean
  /** About so many bytes can be written in all; then the disk is full, until `widen` is asked. */
  readonly roomBytes?: number
}

export interface Driver {
  /** A peer with a profile of its own, and the name that it calls itself. */
  open(name: string, init?: OpenInit): Promise<Peer>
  /** Ends all peers, and deletes what they wrote. */
  close(): Promise<void>
}
