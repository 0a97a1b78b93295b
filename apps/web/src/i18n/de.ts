/**
 * German: every text of the app by what it is in English. The only list of the texts; `t` takes none that is not here.
 */
import { conversation } from './de/conversation.ts'
import { people } from './de/people.ts'
import { screens } from './de/screens.ts'
import { settings } from './de/settings.ts'

export const de = { ...screens, ...conversation, ...people, ...settings }
