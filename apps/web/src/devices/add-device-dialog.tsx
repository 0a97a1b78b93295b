import type { DeviceLinkOffer } from '@parley/chat'
import { useParley } from '@parley/react'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { QrCode } from '../components/qr-code.tsx'
import { useAction } from '../components/use-action.ts'
import { deviceLinkUrl } from '../engine/page-location.ts'
import { useDevices } from '../engine/use-devices.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { offerFailureWords, shortCodeWords } from '../text/devices.ts'
import { wordsFor } from '../text/errors.ts'

/** Adds a device: it opens a link, both show six digits, and this one says whether they are the same. */
export function AddDeviceDialog({ onClose }: { onClose: () => void }): ReactNode {
  const parley = useParley()
  const { offer } = useDevices()
  const [error, setError] = useState('')
  const [attempt, setAttempt] = useState(1)
  const [asked, setAsked] = useState<number>()

  useEffect(() => {
    let wanted = true
    const begun = (): void => {
      if (wanted) setAsked(attempt)
    }
    parley.linkDevice().then(begun, (thrown: unknown) => {
      if (wanted) setError(wordsFor(thrown))
    })
    return () => {
      wanted = false
      // Whoever closes this does not want a device any more; one that is in stays.
      parley.cancelDeviceLink().catch(reportError)
    }
  }, [parley, attempt])

  const again = (): void => {
    setError('')
    setAttempt(attempt + 1)
  }
  return (
    <Dialog title={t('Add a device')} onClose={onClose}>
      <div className="stack">
        {error !== '' ? (
          <Ended words={error} onAgain={again} onClose={onClose} />
        ) : offer === undefined || asked !== attempt ? (
          <p className="quiet">{t('Making a code…')}</p>
        ) : (
          <Offer offer={offer} onAgain={again} onClose={onClose} />
        )}
      </div>
    </Dialog>
  )
}

function Offer({ offer, onAgain, onClose }: { offer: DeviceLinkOffer; onAgain: () => void; onClose: () => void }): ReactNode {
  const parley = useParley()
  const { run, busy } = useAction()
  const code = offer.code ?? ''
  switch (offer.state) {
    case 'waiting': {
      const url = deviceLinkUrl(offer.link)
      return (
        <>
          <p>{t('Scan this with the new device, or open the link there. It is good for one device, and only for a few minutes.')}</p>
          <QrCode text={url} label={t('Link for the new device as a QR code')} />
          <Field label={t('Link for the new device')} value={url} readOnly hint={t('Give it to nobody else: it is for you alone.')} />
          <div className="dialog-actions">
            <CopyButton text={url} label={t('Copy link')} done={t('Link copied')} announced={t('The link is on the clipboard')} />
          </div>
        </>
      )
    }
    case 'compare':
      return (
        <>
          <p>
            {rich('{device} wants to be yours. Does it show the same digits?', {
              device: <bdi className="strong">{offer.deviceName === '' ? t('A device') : offer.deviceName}</bdi>,
            })}
          </p>
          <p className="short-code">{shortCodeWords(code)}</p>
          <p className="quiet">{t('When they differ, somebody else opened the link.')}</p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={onClose}>
              {t('They differ')}
            </button>
            <button
              type="button"
              className="button button-primary"
              data-focus-first
              disabled={busy}
              onClick={() => void run(() => parley.confirmDevice(code))}
            >
              {t('They are the same')}
            </button>
          </div>
        </>
      )
    case 'adding':
      return <output>{t('Adding it to your conversations…')}</output>
    case 'done':
      return (
        <>
          <output>{t('The device is yours now. It fetches your conversations while both are online.')}</output>
          <div className="dialog-actions">
            <button type="button" className="button button-primary" onClick={onClose}>
              {t('Done')}
            </button>
          </div>
        </>
      )
    case 'failed':
      return <Ended words={offerFailureWords(offer)} onAgain={onAgain} onClose={onClose} />
  }
}

function Ended({ words, onAgain, onClose }: { words: string; onAgain: () => void; onClose: () => void }): ReactNode {
  return (
    <>
      <p role="alert">{words}</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {t('Close')}
        </button>
        <button type="button" className="button button-primary" onClick={onAgain}>
          {t('Try again')}
        </button>
      </div>
    </>
  )
}
