/**
 * Bringing a file here: how far it is, whether it waits for somebody who has it, and where it can be shown from once it is here.
 */
import type { Attachment } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useCallback, useEffect, useRef, useState } from 'react'
import { wordsFor } from '../text/errors.ts'

export type FileState =
  | { readonly status: 'idle' }
  /** `waiting`: nobody who is online has it. */
  | { readonly status: 'loading'; readonly received: number; readonly waiting: boolean }
  | { readonly status: 'ready'; readonly url: string }
  | { readonly status: 'failed'; readonly words: string }

interface FileLoading {
  readonly state: FileState
  /** Fetches what is missing. Resolves to a URL that lasts as long as the component, or undefined when it was stopped or failed. */
  readonly load: () => Promise<string | undefined>
  readonly stop: () => void
}

const IDLE: FileState = { status: 'idle' }

/** Give the component another `key` for another file. */
export function useFile(attachment: Attachment): FileLoading {
  const [state, setState] = useState<FileState>(IDLE)
  const running = useRef<AbortController>(undefined)
  const url = useRef<string>(undefined)
  // The same file comes as another object when its message changes.
  const latest = useRef(attachment)
  useEffect(() => {
    latest.current = attachment
  })

  const stop = useCallback(() => {
    running.current?.abort()
    running.current = undefined
  }, [])

  const load = useCallback(async () => {
    if (url.current !== undefined) return url.current
    running.current?.abort()
    const run = new AbortController()
    running.current = run
    const show = (change: { received?: number; waiting?: boolean }): void => {
      if (running.current !== run) return
      setState((before) => {
        const known = before.status === 'loading' ? before : { received: 0, waiting: false }
        return { status: 'loading', received: known.received, waiting: known.waiting, ...change }
      })
    }
    show({ received: 0, waiting: false })
    try {
      const made = await latest.current.url({
        signal: run.signal,
        onProgress: (received) => show({ received }),
        onHolders: (holders) => show({ waiting: holders === 0 }),
      })
      if (running.current !== run) {
        URL.revokeObjectURL(made)
        return undefined
      }
      url.current = made
      setState({ status: 'ready', url: made })
      return made
    } catch (error) {
      const stopped = run.signal.aborted || isParleyError(error, 'Aborted')
      if (running.current === run || stopped) setState(stopped ? IDLE : { status: 'failed', words: wordsFor(error) })
      return undefined
    }
  }, [])

  useEffect(() => {
    return () => {
      stop()
      if (url.current !== undefined) URL.revokeObjectURL(url.current)
      url.current = undefined
    }
  }, [stop])

  return { state, load, stop }
}

/** Gives a file to the downloads of the browser. */
export function saveFile(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}
