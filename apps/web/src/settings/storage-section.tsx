import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Progress } from '../components/progress.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import { byteWords } from '../text/connection.ts'

interface StorageUse {
  readonly used: number
  readonly quota: number
  /** Whether the browser has promised to keep it. */
  readonly kept: boolean
}

async function read(): Promise<StorageUse> {
  const [{ usage = 0, quota = 0 }, kept] = await Promise.all([navigator.storage.estimate(), navigator.storage.persisted()])
  return { used: usage, quota, kept }
}

/** How much of the disk is used, and whether the browser may take it away. */
export function StorageSection(): ReactNode {
  const [use, setUse] = useState<StorageUse>()
  const [refused, setRefused] = useState(false)
  const { run, busy } = useAction()
  useEffect(() => void run(async () => setUse(await read())), [run])
  if (use === undefined) return <p className="quiet">{t('Looking at the disk…')}</p>
  const ask = async (): Promise<void> => {
    setRefused(!(await navigator.storage.persist()))
    setUse(await read())
  }
  return (
    <>
      <p>
        {t('{used} of {quota} used, by everything that Parley keeps in this browser.', {
          used: byteWords(use.used),
          quota: byteWords(use.quota),
        })}
      </p>
      <Progress label={t('Storage used')} done={use.used} total={use.quota} />
      {use.kept ? (
        <p className="quiet">{t('The browser keeps it until you delete it.')}</p>
      ) : (
        <>
          <p className="quiet">{t('When the disk is full, the browser may clear it. Nobody could bring back what only you have.')}</p>
          <button type="button" className="button" disabled={busy} onClick={() => void run(ask)}>
            {t('Ask the browser to keep it')}
          </button>
          {refused && (
            <output className="field-hint">
              {t('The browser did not promise it. Installing Parley as an app, or allowing notifications, usually changes its mind.')}
            </output>
          )}
        </>
      )}
    </>
  )
}
