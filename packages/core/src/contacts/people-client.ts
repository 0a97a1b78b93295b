/** The part of the client about people, for the engine to be built on. */
import { parseUserId, type UserId } from '@parley/protocol'
import type { Contact } from '../api/contacts.ts'
import { checkText } from '../conversation/arguments.ts'
import { DeviceClient } from '../devices/device-client.ts'
import type { Contacts } from './contacts.ts'

export abstract class PeopleClient extends DeviceClient {
  protected abstract readonly people: Contacts

  get contacts(): readonly Contact[] {
    return this.people.all()
  }

  async contactCard(): Promise<string> {
    this.assertOpen()
    return this.people.card()
  }

  async renewContactCard(): Promise<void> {
    this.assertOpen()
    return this.people.renewCard()
  }

  async addContact(card: string): Promise<Contact> {
    this.assertOpen()
    return this.people.add(checkText(card, 'contact card'))
  }

  async removeContact(id: UserId): Promise<void> {
    this.assertOpen()
    return this.people.remove(parseUserId(checkText(id, 'user id')))
  }

  async block(id: UserId): Promise<void> {
    this.assertOpen()
    return this.people.setBlocked(parseUserId(checkText(id, 'user id')), true)
  }

  async unblock(id: UserId): Promise<void> {
    this.assertOpen()
    return this.people.setBlocked(parseUserId(checkText(id, 'user id')), false)
  }

  isBlocked(id: UserId): boolean {
    return this.people.isBlocked(id)
  }
}
