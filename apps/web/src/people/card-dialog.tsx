import { useParley } from '@parley/react'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { QrCode } from '../components/qr-code.tsx'
import { useAction } from '../components/use-action.ts'
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx'
import { t } from '../i18n/translate.ts'

/** The own card: whoever has it can find this person and write to them. */
export function CardDialog({ onClose }: { onClose: () => void }): ReactNode {
  const parley = useParley()
  const [card, setCard] = useState('')
  const [asking, setAsking] = useState(false)
  const { run } = useAction()
  useEffect(() => {
    void run(async () => setCard(await parley.contactCard()))
  }, [parley, run])
  return (
    <Dialog title={t('Your card')} onClose={onClose}>
      <div className="stack">
        <p>
          {t('Whoever has your card can find you and ask to talk with you. Show it to somebody, or send it over a channel that you trust.')}
        </p>
        {card === '' ? <div className="qr" aria-hidden="true" /> : <QrCode text={card} label={t('Your card as a QR code')} />}
        <Field label={t('Card')} value={card} readOnly placeholder={t('Making your card…')} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => setAsking(true)}>
            {t('Replace it')}
          </button>
          <CopyButton text={card} label={t('Copy card')} done={t('Card copied')} announced={t('Your card is on the clipboard')} />
        </div>
      </div>
      {asking && (
        <ConfirmDialog
          title={t('Replace your card?')}
          confirm={t('Replace')}
          work={async () => {
            await parley.renewContactCard()
            setCard(await parley.contactCard())
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            {t('Cards that you gave away so far stop working: nobody can find you by them any more. Your contacts stay your contacts.')}
          </p>
        </ConfirmDialog>
      )}
    </Dialog>
  )
}
