import type { ReactNode } from 'react'
import { hueOf, initials } from '../text/people.ts'
import { Icon } from './icon.tsx'

interface AvatarProps {
  id: string
  name: string
  /** A URL that an image can show, empty when none. */
  image?: string
  size?: 'small' | 'medium' | 'large'
  /** Groups are square, people are round. */
  shape?: 'person' | 'group'
  online?: boolean
}

/** A picture of somebody: theirs, or coloured initials that stay with their id. The name is always written beside it. */
export function Avatar({ id, name, image = '', size = 'medium', shape = 'person', online = false }: AvatarProps): ReactNode {
  return (
    <span className={`avatar avatar-${size} avatar-${shape} hue-${hueOf(id)}`} aria-hidden="true">
      {image === '' ? initials(name) || <Icon name={shape === 'group' ? 'link' : 'person'} /> : <img src={image} alt="" />}
      {online && <span className="online-dot" />}
    </span>
  )
}
