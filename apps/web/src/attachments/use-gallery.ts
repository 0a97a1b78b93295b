/**
 * The pictures of a conversation around one of them, so that the gallery leafs through all that were ever sent there.
 */
import type { Attachment, Conversation } from '@parley/chat'
import { isPicture } from '@parley/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useAction } from '../components/use-action.ts'

const PAGE_SIZE = 50
/** From so near to the oldest one that is known on, older ones are looked for. */
const AHEAD = 5

interface Gallery {
  readonly picture: Attachment
  /** Its place among those that are known, from 1, the oldest first. */
  readonly place: number
  readonly known: number
  /** Whether there are older ones that are not known yet. */
  readonly hasMore: boolean
  readonly older: (() => void) | undefined
  readonly newer: (() => void) | undefined
}

/** Begins at `start`; until the others are found it is the only one. */
export function useGallery(conversation: Conversation, start: Attachment): Gallery {
  const [current, setCurrent] = useState(start)
  /** The newest first, without a gap. */
  const [pictures, setPictures] = useState<readonly Attachment[]>([])
  const [hasMore, setHasMore] = useState(true)
  const loading = useRef(false)
  const { run } = useAction()
  const index = pictures.findIndex(({ id }) => id === current.id)

  const load = useCallback(async () => {
    if (loading.current) return
    loading.current = true
    await run(async () => {
      const last = pictures.at(-1)
      const page = await conversation.getAttachments({
        type: 'image',
        limit: PAGE_SIZE,
        ...(last === undefined ? {} : { before: last.id }),
      })
      setPictures([...pictures, ...page.filter(isPicture)])
      setHasMore(page.length === PAGE_SIZE)
    })
    loading.current = false
  }, [conversation, pictures, run])

  const needsMore = hasMore && (index < 0 || index >= pictures.length - AHEAD)
  useEffect(() => {
    if (needsMore) void load()
  }, [needsMore, load])

  const towards = (neighbour: Attachment | undefined): (() => void) | undefined =>
    neighbour === undefined ? undefined : () => setCurrent(neighbour)
  return {
    picture: current,
    place: index < 0 ? 1 : pictures.length - index,
    known: index < 0 ? 1 : pictures.length,
    hasMore,
    older: index < 0 ? undefined : towards(pictures[index + 1]),
    newer: index < 1 ? undefined : towards(pictures[index - 1]),
  }
}
