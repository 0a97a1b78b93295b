import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { Icon } from './icon.tsx'
import { toast } from './toasts.tsx'

/** How long the button says that it has copied. */
const COPIED_MS = 2_500

interface CopyButtonProps {
  text: string
  label: string
  /** What it says for a while afterwards. */
  done: string
  /** The same for screen readers. */
  announced: string
}

/** Puts a text on the clipboard and says so. */
export function CopyButton({ text, label, done, announced }: CopyButtonProps): ReactNode {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch (error) {
      console.info('the clipboard is not available', error)
      toast(t('The browser did not allow copying. Select the text and copy it by hand.'), 'error')
    }
  }
  return (
    <>
      <button type="button" className="button button-primary copy-button" disabled={text === ''} onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} />
        {copied ? done : label}
      </button>
      <output className="visually-hidden">{copied ? announced : ''}</output>
    </>
  )
}
