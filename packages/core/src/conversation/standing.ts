/** Where this device stands in a conversation: let in, waiting or refused; and what it may do there. */
import { ParleyError } from '@parley/protocol'
import type { ConversationEvents, ConversationState } from '../api.ts'
import { hasRole } from '../membership/index.ts'
import { profileForked } from '../replica/own-writes.ts'
import type { Replica } from '../replica/replica.ts'
import type { Emitter } from '../support/emitter.ts'

export class Standing {
  readonly #replica: Replica
  readonly #events: Emitter<ConversationEvents>
  /** Ends the waits of `admitted()`. */
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  constructor(replica: Replica, events: Emitter<ConversationEvents>) {
    this.#replica = replica
    this.#events = events
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    for (const stop of [...this.#waiting]) stop()
  }

  get state(): ConversationState {
    return this.#replica.record.state
  }

  get refusal(): Error | undefined {
    const { refusal } = this.#replica.record
    return refusal === undefined ? undefined : refusalError(refusal)
  }

  /** Resolves once a member let this device in. @throws {ParleyError} the refusal, Aborted or Closed. */
  async admitted({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    for (;;) {
      this.assertOpen()
      if (signal?.aborted) throw new ParleyError('Aborted', 'no longer waiting to be let in', { cause: signal.reason })
      if (this.state === 'member') return
      if (this.refusal !== undefined) throw this.refusal
      if (this.state === 'left' || this.state === 'removed' || this.state === 'archive') this.assertMember()
      await this.#stateChange(signal)
    }
  }

  /** @throws {ParleyError} Closed */
  assertOpen(): void {
    if (this.#isClosed) throw new ParleyError('Closed', 'this profile has been closed')
  }

  /** @throws {ParleyError} Closed, NotAMember, NotAllowed for a reader, ProfileForked, or the refusal. */
  assertWriter(): void {
    this.assertMember()
    if (!hasRole(this.#replica.role, 'writer'))
      throw new ParleyError('NotAllowed', 'you can read here, and not write; an admin can change that')
  }

  /** @throws {ParleyError} Closed, NotAMember, ProfileForked, or the refusal. */
  assertMember(): void {
    this.assertOpen()
    if (this.state === 'refused') throw this.refusal ?? new ParleyError('NotAMember', 'you are not a member of this conversation')
    if (this.#replica.isFrozen) throw profileForked()
    if (this.state === 'joining') throw new ParleyError('NotAMember', 'no member has let you in yet; wait for conversation.admitted()')
    if (this.state === 'request') throw new ParleyError('NotAMember', 'somebody asks you to take part; accept or decline it first')
    if (this.state === 'archive') throw new ParleyError('NotAMember', 'this is an archive; you can read it')
    if (this.state === 'left') throw new ParleyError('NotAMember', 'you have left this conversation; you can still read it')
    if (this.state === 'removed') throw new ParleyError('NotAMember', 'you have been removed from this conversation; you can still read it')
  }

  /** Resolves when the state changes, the signal fires, or the conversation closes. */
  #stateChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        off()
        this.#waiting.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const off = this.#events.on('state', done)
      this.#waiting.add(done)
      signal?.addEventListener('abort', done)
    })
  }
}

function refusalError(code: string): ParleyError {
  if (code === 'InviteExpired') return new ParleyError('InviteExpired', 'this invite has expired; ask for a new one')
  if (code === 'InviteUsedUp') return new ParleyError('InviteUsedUp', 'this invite has been used as often as it may be; ask for a new one')
  return new ParleyError('InviteInvalid', 'this invite is not valid; ask for a new one')
}
