/**
 * What a peer stands on, for `parley doctor`: the disk, the clock, the servers, the versions. And what of it gives trouble, in plain words.
 */
import { readFile, stat, statfs } from 'node:fs/promises'
import { MAX_FUTURE_SKEW_MS } from '@parley/protocol'
import type { Inspection } from '@parley/core'
import { sizeText } from './progress.ts'
import { oneLine } from './text.ts'

/** For a server to answer. One that takes longer is of no use to anybody who waits for a message. */
const PROBE_MS = 3000
/** Messages with a time that is so much off are in the wrong place; a server says its own to the second. */
const NOTABLE_SKEW_MS = 60_000
/** With less, a few files from others fill the disk. */
const LOW_DISK_BYTES = 200_000_000

export interface ServerProbe {
  readonly url: string
  readonly connected: boolean
  /** Its clock less ours, when it told. */
  readonly skewMs: number | undefined
}

/** Something that gives trouble, and what to do about it. */
export interface Finding {
  readonly code: 'ClockWrong' | 'DiskNearlyFull' | 'ProfileOpenToOthers' | 'RendezvousUnreachable' | 'RelayUnreachable' | 'NoMeetingPoint'
  readonly text: string
}

export interface Surroundings {
  readonly versions: { readonly parley: string; readonly node: string; readonly platform: string }
  readonly profile: {
    readonly path: string
    /** True: a peer that stays online has it open, and answers. */
    readonly isServed: boolean
    /** Undefined where the system does not tell. */
    readonly freeBytes: number | undefined
    /** Whether other users of this computer are kept out; true on Windows, where the folder of the user does that. */
    readonly isPrivate: boolean
  }
  readonly rendezvous: readonly ServerProbe[]
  /** Addresses under which a relay passes others on to here. */
  readonly relayed: readonly string[]
  readonly findings: readonly Finding[]
}

export interface SurroundingsInit {
  readonly profile: string
  readonly isAttached: boolean
  readonly isOnline: boolean
  readonly inspection: Pick<Inspection, 'addresses' | 'rendezvous'>
  /** The relays that this peer was told to use, when that is known. */
  readonly relays: readonly string[]
  readonly signal: AbortSignal
}

export async function examine({ profile, isAttached, isOnline, inspection, relays, signal }: SurroundingsInit): Promise<Surroundings> {
  const { mode } = await stat(profile)
  const isPrivate = process.platform === 'win32' || (mode & 0o077) === 0
  const rendezvous = await Promise.all(
    inspection.rendezvous.map(async ({ url, connected }) => ({ url, connected, skewMs: isOnline ? await skewOf(url, signal) : undefined })),
  )
  const relayed = inspection.addresses.filter((address) => address.includes('/p2p-circuit'))
  const here = {
    versions: { parley: await ownVersion(), node: process.version, platform: `${process.platform} ${process.arch}` },
    profile: { path: profile, isServed: isAttached, freeBytes: await freeBytes(profile), isPrivate },
    rendezvous,
    relayed,
  }
  return { ...here, findings: isOnline ? [...localFindings(here), ...networkFindings(here, relays)] : localFindings(here) }
}

type Facts = Omit<Surroundings, 'findings'>

function localFindings({ profile }: Facts): Finding[] {
  const findings: Finding[] = []
  if (profile.freeBytes !== undefined && profile.freeBytes < LOW_DISK_BYTES)
    findings.push({ code: 'DiskNearlyFull', text: `Only ${sizeText(profile.freeBytes)} are free on the disk of the profile. Make room.` })
  if (!profile.isPrivate)
    findings.push({
      code: 'ProfileOpenToOthers',
      text: `Other users of this computer may enter ${oneLine(profile.path)}. Run: chmod 700 ${oneLine(profile.path)}`,
    })
  return findings
}

function networkFindings({ rendezvous, relayed }: Facts, relays: readonly string[]): Finding[] {
  const findings = rendezvous.flatMap(({ url, connected, skewMs }): Finding[] => [
    ...(connected
      ? []
      : [{ code: 'RendezvousUnreachable' as const, text: `${oneLine(url)} is not reached. Others find you by other ways only.` }]),
    ...(skewMs === undefined || Math.abs(skewMs) < NOTABLE_SKEW_MS ? [] : [{ code: 'ClockWrong' as const, text: clockText(url, skewMs) }]),
  ])
  for (const relay of relays) {
    const [, id = relay] = /\/p2p\/([^/]+)$/.exec(relay) ?? []
    if (!relayed.some((address) => address.includes(id)))
      findings.push({ code: 'RelayUnreachable', text: `${oneLine(relay)} has given no place yet. Nobody reaches you through it.` })
  }
  if (rendezvous.length === 0 && relays.length === 0 && relayed.length === 0)
    findings.push({
      code: 'NoMeetingPoint',
      text: 'No rendezvous and no relay: others find you only where your addresses can be dialled. See --rendezvous and --relay.',
    })
  return findings
}

function clockText(url: string, skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  const which = skewMs > 0 ? 'behind' : 'ahead of'
  const effect =
    -skewMs > MAX_FUTURE_SKEW_MS
      ? 'Others hold back what you write until their clocks get there.'
      : 'Your messages stand in the wrong place.'
  return `The clock here is ${minutes} min ${which} that of ${oneLine(url)}. ${effect} Let the system set it.`
}

/** What any HTTP server says in its answer, also to a request that it refuses. */
async function skewOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  const began = Date.now()
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]),
    })
    const theirs = Date.parse(response.headers.get('date') ?? '')
    return Number.isNaN(theirs) ? undefined : Math.round(theirs - (began + Date.now()) / 2)
  } catch (error) {
    // That it does not answer is what `connected` says; of its clock nothing is known then.
    if (error instanceof TypeError || (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')))
      return undefined
    throw error
  }
}

async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSYS') return undefined
    throw error
  }
}

async function ownVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}
