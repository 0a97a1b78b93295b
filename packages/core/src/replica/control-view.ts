/** What is known of the control entries of one conversation: by these, or, until they are read, by what the folds over them had come to. */
import type { CertLookup, DeviceCert } from '@parley/crypto'
import { compareHlc, type ControlCarrier, type DeviceId, type Hlc, type UserId } from '@parley/protocol'
import { NO_MEMBERSHIP, type Membership } from '../membership/index.ts'
import { ControlContent, type MetadataValue, type Profile } from './control-content.ts'
import { ControlEntries } from './control-entries.ts'
import { controlCarrier, type ControlEntry } from './control-entry.ts'
import type { ControlSnapshot } from './control-snapshot.ts'
import { KeptControls } from './kept-controls.ts'

export class ControlView {
  membership: Membership = NO_MEMBERSHIP
  /** Whether it is the conversation of two people, or of one person's own devices. */
  isDirect = false
  /** The latest clock of a control entry here, in milliseconds; 0 while there is none. */
  latestMs = 0
  /** The entries, as far as they are read. */
  protected readonly list = new ControlEntries()
  protected readonly certs = new Map<DeviceId, DeviceCert>()
  /** Metadata and profiles. */
  protected readonly content = new ControlContent()
  /** What the folds had come to, while the entries are not read. */
  protected before: ControlSnapshot | undefined
  #kept: KeptControls | undefined

  /** Whether the entries themselves are here: who only looks needs no more than what the folds came to. */
  get isWhole(): boolean {
    return this.before === undefined
  }

  /** The certificate of a device, whoever brought it, whatever became of it since. */
  readonly certOf: CertLookup = (device) => this.certs.get(device)

  /** Devices of which there are certificates or entries here. */
  devices(): Iterable<DeviceId> {
    return this.before?.seen.keys() ?? new Set([...this.certs.keys(), ...this.list.devices()])
  }

  /** How many control entries of that device are told of: of one that is out, no more than anybody takes in who knows that. */
  shown(device: DeviceId): number {
    return this.before === undefined ? this.kept.last(device) : (this.before.seen.get(device)?.shown ?? 0)
  }

  /** How many control entries of that device are here; they are contiguous from number 1. `latest`: only those up to that clock. */
  count(device: DeviceId, latest?: Hlc): number {
    if (this.before !== undefined && latest === undefined) return this.before.seen.get(device)?.count ?? 0
    return this.read.count(device, latest)
  }

  /** Number after that of the last control entry of that device in its log; 0 without any. */
  nextSeq(device: DeviceId): number {
    return this.before === undefined ? this.list.nextSeq(device) : (this.before.seen.get(device)?.nextSeq ?? 0)
  }

  /** The one with that running number that came first. */
  controlAt(device: DeviceId, number: number): ControlEntry | undefined {
    return this.read.first(device, number)
  }

  /** All of them, or those of one device from running number `from` (1-based) on, up to the clock `latest`. */
  carriers(device?: DeviceId, from = 1, latest?: Hlc): ControlCarrier[] {
    const entries = device === undefined ? this.entries() : this.read.of(device).filter((e) => e.number >= from)
    return entries.filter(({ hlc }) => latest === undefined || compareHlc(hlc, latest) <= 0).map(controlCarrier)
  }

  entries(): ControlEntry[] {
    return this.read.sorted()
  }

  profile(user: UserId): Profile {
    return this.content.profile(user)
  }

  metadata(): Record<string, MetadataValue> {
    return this.content.metadata()
  }

  conversationMetadata(key: string): string {
    return this.content.conversationMetadata(key)
  }

  /** How many entries of a device count, by what its user was allowed: up to the end of its last span, without bound while it is in. */
  reach(device: DeviceId): number {
    return this.membership.devices.get(device)?.spans.at(-1)?.to ?? 0
  }

  /** Which entries without effect are kept, by the last fold. */
  protected get kept(): KeptControls {
    const { list: entries, membership } = this
    if (this.#kept?.membership !== membership) this.#kept = new KeptControls({ entries, certified: this.certs.keys(), membership })
    return this.#kept
  }

  /** The entries, for what only these can tell. */
  protected get read(): ControlEntries {
    if (this.before !== undefined) throw new Error('the control entries are not read yet')
    return this.list
  }
}
