import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { toast } from '../components/toasts.tsx'
import { useAction } from '../components/use-action.ts'
import { useNow } from '../components/use-now.ts'
import { useDevices } from '../engine/use-devices.ts'
import { t } from '../i18n/translate.ts'
import { dayName } from '../text/time.ts'

/** Asked for, to see that the words are on paper. */
const ASKED = 3

/** Makes the 24 words with which a person comes back when all their devices are lost. They are shown once. */
export function RecoveryDialog({ onClose }: { onClose: () => void }): ReactNode {
  const [words, setWords] = useState<readonly string[]>()
  const [written, setWritten] = useState(false)
  return (
    <Dialog title={t('Recovery phrase')} onClose={onClose}>
      {words === undefined ? (
        <Explanation onMade={setWords} />
      ) : written ? (
        <Check words={words} onBack={() => setWritten(false)} onDone={onClose} />
      ) : (
        <Words words={words} onWritten={() => setWritten(true)} />
      )}
    </Dialog>
  )
}

function Explanation({ onMade }: { onMade: (words: readonly string[]) => void }): ReactNode {
  const parley = useParley()
  const now = useNow()
  const { recovery } = useDevices()
  const { run, busy } = useAction()
  return (
    <div className="stack">
      <p>
        {t(
          '24 words on paper bring you back when all your devices are lost: your name, your groups, and what other members still hold. Whoever has the words is you, so keep them where you keep a key.',
        )}
      </p>
      {recovery !== undefined && (
        <p className="quiet">
          {t(
            'There is a phrase, made on this day: {day}. It cannot be shown again. A new one takes its place, and the old words stop working.',
            { day: dayName(recovery.createdAt, now) },
          )}
        </p>
      )}
      <div className="dialog-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={busy}
          onClick={() => void run(async () => onMade(await parley.createRecovery()))}
        >
          {recovery === undefined ? t('Make the words') : t('Make new words')}
        </button>
      </div>
    </div>
  )
}

function Words({ words, onWritten }: { words: readonly string[]; onWritten: () => void }): ReactNode {
  return (
    <div className="stack">
      <p>{t('Write these words down in their order. They are shown this once, and kept nowhere.')}</p>
      <ol className="recovery-words" aria-label={t('The words')}>
        {words.map((word, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- a word is its place.
          <li key={`${index} ${word}`}>{word}</li>
        ))}
      </ol>
      <div className="dialog-actions">
        <button type="button" className="button button-primary" onClick={onWritten}>
          {t('I have written them down')}
        </button>
      </div>
    </div>
  )
}

/** Places in the phrase, chosen anew each time. */
function somePlaces(count: number): readonly number[] {
  const places = new Set<number>()
  while (places.size < ASKED) places.add(Math.floor(Math.random() * count))
  return [...places].sort((a, b) => a - b)
}

function Check({ words, onBack, onDone }: { words: readonly string[]; onBack: () => void; onDone: () => void }): ReactNode {
  const [places] = useState(() => somePlaces(words.length))
  const [given, setGiven] = useState<Readonly<Record<number, string>>>({})
  const [wrong, setWrong] = useState<readonly number[]>([])
  const isRight = (place: number): boolean => given[place]?.trim().toLowerCase() === words[place]
  const check = (): void => {
    const missed = places.filter((place) => !isRight(place))
    setWrong(missed)
    if (missed.length > 0) return
    toast(t('Your recovery phrase is ready. Keep the paper safe.'))
    onDone()
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        check()
      }}
    >
      <p>{t('Look at your paper: which words are these?')}</p>
      {places.map((place, index) => (
        <Field
          key={place}
          label={t('Word {number}', { number: place + 1 })}
          value={given[place] ?? ''}
          onChange={(word) => setGiven({ ...given, [place]: word })}
          error={wrong.includes(place) && !isRight(place) ? t('Not this one. Look again.') : ''}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-focus-first={index === 0}
        />
      ))}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onBack}>
          {t('Show them again')}
        </button>
        <button type="submit" className="button button-primary">
          {t('Check')}
        </button>
      </div>
    </form>
  )
}
