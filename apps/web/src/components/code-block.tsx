import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { IconButton } from './icon-button.tsx'
import { toast } from './toasts.tsx'
import { useAction } from './use-action.ts'

/** Text that stands as it was typed, with a way to take it along. */
export function CodeBlock({ text }: { text: string }): ReactNode {
  const { run } = useAction()
  const copy = async (): Promise<void> => {
    if (await run(() => navigator.clipboard.writeText(text))) toast(t('Copied.'))
  }
  return (
    <div className="code-block" dir="ltr">
      <pre>
        <code>{text}</code>
      </pre>
      <IconButton icon="copy" label={t('Copy code')} tabIndex={-1} onClick={() => void copy()} />
    </div>
  )
}
