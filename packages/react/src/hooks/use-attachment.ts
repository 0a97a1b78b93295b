/**
 * Bringing a file here: how far it is, whether it waits for somebody who has it, and where it can be shown from once it is here.
 */
import type { Attachment } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useCallback, useEffect, useRef, useState } from 'react'
import { asError } from '../support/closed.ts'

/** How far a file is. */
export type AttachmentState =
  | { readonly status: 'idle' }
  /** `waiting`: nobody who is online has it. */
  | { readonly status: 'loading'; readonly received: number; readonly waiting: boolean }
  | { readonly status: 'ready'; readonly url: string }
  | { readonly status: 'failed'; readonly error: Error }

/** A file on its way. */
export interface AttachmentHandle {
  /** How far it is. */
  readonly state: AttachmentState
  /** Fetches what is missing. Resolves to a URL that lasts as long as the component, or undefined when it was stopped or failed. */
  readonly load: () => Promise<string | undefined>
  /** Stops fetching; what came stays, and `load` goes on with it. */
  readonly stop: () => void
}

const IDLE: AttachmentState = { status: 'idle' }

/**
 * A file of a message, fetched when it is asked for. Give the component another `key` for another file.
 * @example
 * ```tsx
 * const { state, load } = useAttachment(attachment)
 * const url = await load()
 * ```
 */
export function useAttachment(attachment: Attachment): AttachmentHandle {
  const [state, setState] = useState<AttachmentState>(IDLE)
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
      const isStopped = run.signal.aborted || isParleyError(error, 'Aborted')
      if (running.current === run || isStopped) setState(isStopped ? IDLE : { status: 'failed', error: asError(error) })
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

/**
 * Gives a file to the downloads of the browser.
 * @example
 * ```tsx
 * const { load } = useAttachment(attachment)
 * const url = await load()
 * if (url !== undefined) saveFile(url, attachment.name)
 * ```
 */
export function saveFile(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}
