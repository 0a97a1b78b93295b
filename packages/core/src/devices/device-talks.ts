/** Everything about devices that an engine talks about on links: which talk a line belongs to. */
import type { MeetingKeys } from '@parley/crypto'
import type { ControlCarrier } from '@parley/protocol'
import type { DeviceDoor, DeviceLine } from '../network/device-line.ts'
import type { DeviceProof } from '../network/handshake.ts'
import type { LinkOffer } from './link-offer.ts'
import type { Recovering, RecoveryHelp } from './recovery.ts'

export class DeviceTalks implements DeviceDoor {
  readonly #offer: () => LinkOffer | undefined
  readonly #help: RecoveryHelp
  readonly #recovering: Recovering | undefined

  constructor(options: { offer: () => LinkOffer | undefined; help: RecoveryHelp; recovering: Recovering | undefined }) {
    this.#offer = options.offer
    this.#help = options.help
    this.#recovering = options.recovering
  }

  /** Where others are waited for. */
  meetings(): readonly MeetingKeys[] {
    return [...(this.#offer()?.meetings() ?? []), ...(this.#recovering?.meetings() ?? []), ...this.#help.meetings()]
  }

  proofs(): readonly DeviceProof[] {
    return [...(this.#offer()?.proofs() ?? []), ...(this.#recovering?.proofs() ?? []), ...this.#help.proofs()]
  }

  async met(line: DeviceLine): Promise<void> {
    if (line.proof.kind === 'recovering') await this.#recovering?.met(line)
  }

  async hear(line: DeviceLine, fields: readonly Uint8Array[]): Promise<void> {
    if (line.proof.kind === 'link') return this.#offer()?.hear(line, fields)
    if (line.proof.kind === 'recovery') return this.#help.hear(line, fields)
    await this.#recovering?.hear(line, fields)
  }

  controls(line: DeviceLine, entries: readonly ControlCarrier[]): void {
    this.#recovering?.controls(line, entries)
  }

  closed(line: DeviceLine): void {
    if (line.proof.kind === 'link') this.#offer()?.closed(line)
    else this.#recovering?.closed(line)
  }
}
