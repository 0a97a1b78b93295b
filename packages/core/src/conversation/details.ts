/** What a conversation says of itself: title, avatar, and what applications put to it. A direct one is called like the other person. */
import { ParleyError } from '@parley/protocol'
import type { Metadata, MetadataChange } from '../api.ts'
import { AVATAR, TITLE } from '../replica/control-content.ts'
import type { Replica } from '../replica/replica.ts'
import { applyMetadata, checkMetadata, checkText } from './arguments.ts'
import type { People } from './people.ts'
import type { Standing } from './standing.ts'

/** Longest title, in characters. */
const MAX_TITLE = 200

export class Details {
  readonly #replica: Replica
  readonly #people: People
  readonly #standing: Standing

  constructor(options: { replica: Replica; people: People; standing: Standing }) {
    this.#replica = options.replica
    this.#people = options.people
    this.#standing = options.standing
  }

  get kind(): 'group' | 'direct' {
    return this.#replica.isDirect ? 'direct' : 'group'
  }

  get title(): string {
    const { peer } = this.#replica.record
    return peer === undefined ? this.#replica.controls.conversationMetadata(TITLE) : this.#people.nameOf(peer)
  }

  get avatar(): string {
    const { peer } = this.#replica.record
    return peer === undefined ? this.#replica.controls.conversationMetadata(AVATAR) : this.#replica.controls.profile(peer).avatar
  }

  get metadata(): Metadata {
    return Object.freeze(this.#replica.controls.metadata())
  }

  async setMetadata(change: MetadataChange): Promise<Metadata> {
    this.#standing.assertWriter()
    const values = checkMetadata(change, { nullable: true })
    // A change that would grow the whole beyond its bounds is refused before it is written.
    checkMetadata(applyMetadata(this.metadata, values))
    await this.#replica.commitControl({ op: 'metadata', scope: 'application', values })
    return this.metadata
  }

  async setTitle(title: string): Promise<void> {
    this.#standing.assertWriter()
    if (this.kind === 'direct') throw new ParleyError('NotAGroup', 'a conversation of two is called like the other person')
    const values = { [TITLE]: checkText(title, 'title', MAX_TITLE) }
    await this.#replica.commitControl({ op: 'metadata', scope: 'conversation', values })
  }
}
