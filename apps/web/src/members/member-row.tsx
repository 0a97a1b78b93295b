import type { Conversation, Member, Role } from '@parley/chat'
import { useParley } from '@parley/react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { MenuButton } from '../components/menu.tsx'
import type { MenuItem } from '../components/menu.tsx'
import { useAction } from '../components/use-action.ts'
import { setRole } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { nameOf, roleWords } from '../text/people.ts'

interface MemberRowProps {
  conversation: Conversation
  member: Member
  me: string
  ownRole: Role | undefined
  kind: Conversation['kind']
  isContact: boolean
  onRemove: () => void
  onBlock: () => void
  onSafety: () => void
  onSelect: (conversation: Conversation) => void
}

const CHANGEABLE = ['admin', 'moderator', 'writer', 'reader'] as const satisfies readonly Role[]

/** Whether the own role allows to change this member's. Of two admins the engine knows who was first; the founder stands above both. */
function mayChange(ownRole: Role | undefined, role: Role): boolean {
  if (role === 'founder') return false
  return ownRole === 'founder' || (ownRole === 'admin' && role !== 'admin')
}

/** One member: who, whether online, with which role, and what can be done about them. */
export function MemberRow(props: MemberRowProps): ReactNode {
  const { conversation, member, me, ownRole, kind, isContact, onRemove, onBlock, onSafety, onSelect } = props
  const parley = useParley()
  const { run } = useAction()
  const online = member.status === 'ONLINE'
  const own = member.id === me
  const blocked = !own && parley.isBlocked(member.id)
  const items: MenuItem[] = []
  if (!own) items.push({ icon: 'shield', label: t('Safety number'), onSelect: onSafety })
  if (!own && kind === 'group') {
    if (isContact)
      items.push({
        icon: 'send',
        label: t('Write to them alone'),
        onSelect: () => void run(async () => onSelect(await parley.createConversation({ with: member.id }))),
      })
    if (mayChange(ownRole, member.role)) {
      for (const role of CHANGEABLE) {
        items.push({
          label: roleWords(role),
          checked: role === member.role,
          onSelect: () => void run(() => setRole(conversation, member.id, role)),
        })
      }
    }
    if (blocked) items.push({ icon: 'eye', label: t('Unblock'), onSelect: () => void run(() => parley.unblock(member.id)) })
    else items.push({ icon: 'block', label: t('Block'), onSelect: onBlock })
    if (mayChange(ownRole, member.role)) items.push({ icon: 'leave', label: t('Remove from group'), danger: true, onSelect: onRemove })
  }
  return (
    <li className="member">
      <Avatar id={member.id} name={member.name} image={member.avatar} size="medium" online={online} />
      <span className="member-name">
        <bdi>{nameOf(member)}</bdi>
      </span>
      <span className="member-status">{own ? t('You') : blocked ? t('Blocked') : online ? t('Online') : t('Offline')}</span>
      {kind === 'group' && member.role !== 'writer' && <span className="badge">{roleWords(member.role)}</span>}
      <MenuButton icon="more" label={t('About {name}', { name: nameOf(member) })} items={items} className="member-menu" />
    </li>
  )
}
