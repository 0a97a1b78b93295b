import { useState } from 'react'
import type { ReactNode } from 'react'
import { forget, recall, remember } from '../engine/remembered.ts'
import { IconButton } from './icon-button.tsx'

type Theme = 'system' | 'light' | 'dark'

/** Read by public/theme.js too. */
const KEY = 'theme'
const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const satisfies Record<Theme, Theme>
const ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const
const WORDS = { system: 'as the system', light: 'light', dark: 'dark' } as const

function stored(): Theme {
  const theme = recall(KEY)
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

/** Light, dark, or whatever the system says. */
export function ThemeToggle(): ReactNode {
  const [theme, setTheme] = useState(stored)
  const choose = (): void => {
    const next = NEXT[theme]
    if (next === 'system') {
      delete document.documentElement.dataset['theme']
      forget(KEY)
    } else {
      document.documentElement.dataset['theme'] = next
      remember(KEY, next)
    }
    setTheme(next)
  }
  return <IconButton icon={ICONS[theme]} label={`Theme: ${WORDS[theme]}`} onClick={choose} />
}
