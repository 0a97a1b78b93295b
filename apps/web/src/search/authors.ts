import type { Conversation, User } from '@parley/chat'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'

type Author = Pick<User, 'id' | 'name'>

/** Everybody who may have written in these conversations: oneself, then the others by their names, those who went as well. */
export function authorsOf(conversations: readonly Conversation[], me: Author): readonly Author[] {
  const others = new Map<User['id'], Author>()
  for (const conversation of conversations) {
    const people = [...conversation.formerMembers(), ...conversation.members()]
    for (const person of people) if (person.id !== me.id) others.set(person.id, { id: person.id, name: nameOf(person) })
  }
  return [{ id: me.id, name: t('You') }, ...[...others.values()].toSorted((a, b) => a.name.localeCompare(b.name))]
}
