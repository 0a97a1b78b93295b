/**
 * Puts the names of emoji beside the page, so that the picker asks no other server: `/emoji/en/data.json` and `messages.json` of emojibase, in each
 * language of the app, without what nobody reads.
 */
import type { Emoji } from 'emojibase'
import germanData from 'emojibase-data/de/data.json' with { type: 'json' }
import germanMessages from 'emojibase-data/de/messages.json' with { type: 'json' }
import englishData from 'emojibase-data/en/data.json' with { type: 'json' }
import englishMessages from 'emojibase-data/en/messages.json' with { type: 'json' }
import type { Plugin } from 'vite'

/** Below the root of the page; the picker adds language and file. */
const FOLDER = 'emoji'

const LANGUAGES = [
  ['en', englishData, englishMessages],
  ['de', germanData, germanMessages],
] as const

/** By their paths below the folder. */
function files(): Readonly<Record<string, string>> {
  return Object.assign({}, ...LANGUAGES.map(([language, data, messages]) => filesOf(language, data, messages))) as Record<string, string>
}

function filesOf(language: string, data: unknown, messages: unknown): Record<string, string> {
  const emoji = (data as readonly Emoji[]).map(({ emoji, group, subgroup, version, label, tags, skins }) => ({
    emoji,
    group,
    subgroup,
    version,
    label,
    tags,
    skins: skins?.map(({ emoji, tone }) => ({ emoji, tone })),
  }))
  return { [`${language}/data.json`]: JSON.stringify(emoji), [`${language}/messages.json`]: JSON.stringify(messages) }
}

/** The Vite plugin, for the build and for the development server. */
export function emoji(): Plugin {
  return {
    name: 'parley-emoji',
    configureServer(server) {
      for (const [name, source] of Object.entries(files()))
        server.middlewares.use(`/${FOLDER}/${name}`, (_request, response) => {
          response.setHeader('Content-Type', 'application/json')
          response.end(source)
        })
    },
    generateBundle() {
      for (const [name, source] of Object.entries(files())) this.emitFile({ type: 'asset', fileName: `${FOLDER}/${name}`, source })
    },
  }
}
