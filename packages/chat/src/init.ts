/** What `createParley` takes, the same on every platform; a platform ignores what it has no use for and says so in its documentation. */
import type { BlobStore, Logger, Replicate, Store, Transport } from '@parley/core'

/** How a profile is opened, and how it goes online. */
export interface ParleyInit {
  /** Browser: a name, one profile per name (default `default`). Node: a folder, made when missing. */
  profile?: string
  /** The user's name, when the profile is new. Change it later with `setProfile`. */
  name?: string
  /**
   * A link code that another device of the user made with `linkDevice`: the profile, which must be new, becomes a device of theirs. Resolves once
   * the person has confirmed there that both devices show the same code.
   */
  link?: string
  /** Hears that code, six digits. */
  onShortCode?: (code: string) => void
  /** What the new device calls itself, for `link`. */
  deviceName?: string
  /**
   * A recovery phrase, 24 words: the profile, which must be new or made by this phrase, becomes a device of that user as soon as anybody is met who
   * knows them. Conversations come back as their members, or other devices of the user, are met, as long as this client is open.
   */
  recover?: readonly string[] | string
  /** Calls `link` and `recover` off. */
  signal?: AbortSignal
  /** URLs (`ws:` or `wss:`) of rendezvous servers; any one suffices. Browsers meet there, and desktops tell their addresses. */
  rendezvous?: readonly string[]
  /** STUN and TURN servers for WebRTC, by which browsers talk, and desktops that meet through a relay. Default: none, which serves peers that reach each other directly. */
  iceServers?: readonly RTCIceServerInit[]
  /** Multiaddresses of circuit relays, through which those reach each other who cannot directly. In browsers over WebSockets (`/ws`, `/tls/ws`). */
  relays?: readonly string[]
  /** Node: multiaddresses to listen on, e.g. `/ip4/0.0.0.0/tcp/4001`, with `/ws` for browsers. Default: none. */
  listen?: readonly string[]
  /** Whether peers that meet through a relay find a way without it by WebRTC. Default: yes. On Node that is a native library, loaded when it is first needed. */
  webRtc?: boolean
  /** Node: whether members are found on the local network too, with no server at all, by multicast DNS. Default: no. */
  mdns?: boolean
  /** Multiaddresses of peers to stay connected with; in browsers over WebSockets. */
  peers?: readonly string[]
  /** How much of the past is kept here; `all` unless told. In a browser the tab decides that hosts the profile. */
  replicate?: Replicate
  /** No transport at all: read and write what is here. */
  offline?: boolean
  /** Instead of the platform's store. Owned by the engine, which closes it. */
  store?: Store
  /** Where attached files are kept, instead of the platform's place; the engine closes it. A `store` of one's own needs one of these to have files. */
  blobs?: BlobStore
  /** Pictures up to so many bytes are fetched as their messages come. Default 2 MiB; 0: nothing is fetched before it is asked for. */
  autoFetchBytes?: number
  /** Instead of the platform's transports. */
  transports?: readonly Transport[]
  /** Diagnostics; default: warnings and errors to nowhere. */
  logger?: Logger
}

/** As in WebRTC's RTCIceServer. */
export interface RTCIceServerInit {
  /** `stun:` and `turn:` URLs. */
  urls: string | string[]
  /** For TURN. */
  username?: string
  /** For TURN. */
  credential?: string
}

/** The part that goes to the engine as it is. */
export function becoming({
  link,
  onShortCode,
  deviceName,
  recover,
  signal,
}: ParleyInit): Pick<ParleyInit, 'link' | 'onShortCode' | 'deviceName' | 'recover' | 'signal'> {
  return {
    ...(link === undefined ? {} : { link }),
    ...(onShortCode === undefined ? {} : { onShortCode }),
    ...(deviceName === undefined ? {} : { deviceName }),
    ...(recover === undefined ? {} : { recover }),
    ...(signal === undefined ? {} : { signal }),
  }
}
