import type { Conversation, Message } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useEffect, useRef } from 'react'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { toast } from '../components/toasts.tsx'

/** Keeps what was typed and not sent, on this device: it is there again after a restart. `undefined` leaves what is kept as it is. */
export function useKeepDraft(conversation: Conversation, text: string | undefined, replyTo: Message['id'] | undefined): void {
  const begun = useRef(false)
  useEffect(() => {
    // What was there at first came from there.
    const isFirst = !begun.current
    begun.current = true
    if (isFirst || text === undefined) return
    const draft = text === '' && replyTo === undefined ? undefined : { text, replyTo }
    conversation.setDraft(draft).catch((error: unknown) => {
      if (isParleyError(error, 'TooLarge')) toast(t('This is too long to be sent in one message, and too long to be kept here.'), 'error')
      else if (!isParleyError(error, 'Closed')) toast(wordsFor(error), 'error')
    })
  }, [conversation, text, replyTo])
}
