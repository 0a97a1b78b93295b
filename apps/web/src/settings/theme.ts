/**
 * Light, dark, or whatever the system says. Read by public/theme.js too, before the first paint.
 */
import { forget, recall, remember } from '../engine/remembered.ts'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'theme'

export function chosenTheme(): Theme {
  const theme = recall(KEY)
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset['theme']
    forget(KEY)
  } else {
    document.documentElement.dataset['theme'] = theme
    remember(KEY, theme)
  }
}
