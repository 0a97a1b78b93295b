import type { DeviceLinkOffer } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { QrCode } from '../components/qr-code.tsx'
import { useAction } from '../components/use-action.ts'
import { deviceLinkUrl } from '../engine/page-location.ts'
import { useDevices } from '../engine/use-devices.ts'
import { useParley } from '../engine/use-parley.tsx'
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
    <Dialog title="Add a device" onClose={onClose}>
      <div className="stack">
        {error !== '' ? (
          <Ended words={error} onAgain={again} onClose={onClose} />
        ) : offer === undefined || asked !== attempt ? (
          <p className="quiet">Making a code…</p>
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
          <p>Scan this with the new device, or open the link there. It is good for one device, and only for a few minutes.</p>
          <QrCode text={url} label="Link for the new device as a QR code" />
          <Field label="Link for the new device" value={url} readOnly hint="Give it to nobody else: it is for you alone." />
          <div className="dialog-actions">
            <CopyButton text={url} label="Copy link" done="Link copied" announced="The link is on the clipboard" />
          </div>
        </>
      )
    }
    case 'compare':
      return (
        <>
          <p>
            <bdi className="strong">{offer.deviceName === '' ? 'A device' : offer.deviceName}</bdi> wants to be yours. Does it show the same
            digits?
          </p>
          <p className="short-code">{shortCodeWords(code)}</p>
          <p className="quiet">When they differ, somebody else opened the link.</p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={onClose}>
              They differ
            </button>
            <button
              type="button"
              className="button button-primary"
              data-focus-first
              disabled={busy}
              onClick={() => void run(() => parley.confirmDevice(code))}
            >
              They are the same
            </button>
          </div>
        </>
      )
    case 'adding':
      return <output>Adding it to your conversations…</output>
    case 'done':
      return (
        <>
          <output>The device is yours now. It fetches your conversations while both are online.</output>
          <div className="dialog-actions">
            <button type="button" className="button button-primary" onClick={onClose}>
              Done
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
          Close
        </button>
        <button type="button" className="button button-primary" onClick={onAgain}>
          Try again
        </button>
      </div>
    </>
  )
}
