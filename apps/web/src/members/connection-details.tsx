import type { Conversation, LinkInspection } from '@parley/chat'
import { useConversation } from '@parley/react'
import type { ReactNode } from 'react'
import { useInspection } from '../engine/use-inspection.ts'
import { t } from '../i18n/translate.ts'
import { byteWords, connectionMeaning, connectionWords, transportWords } from '../text/connection.ts'
import { nameOf } from '../text/people.ts'

/** What `parley.inspect()` says about this conversation, in words for people. */
export function ConnectionDetails({ conversation }: { conversation: Conversation }): ReactNode {
  const { id, sync, members } = useConversation(conversation)
  const inspection = useInspection()
  const links = inspection.links.filter((link) => link.conversations.includes(id))
  return (
    <>
      <h3>{connectionWords(sync)}</h3>
      <p>{connectionMeaning(sync, members.length <= 1)}</p>
      <h4>{t('Devices')}</h4>
      {links.length === 0 ? (
        <p className="quiet">{t('None right now')}</p>
      ) : (
        <ul className="connection-list">
          {devicesOf(links).map(([key, own]) => (
            <DeviceRow key={key} links={own} name={members.find((member) => member.id === own[0]?.user)?.name ?? ''} />
          ))}
        </ul>
      )}
      <h4>{t('Meeting points')}</h4>
      {inspection.rendezvous.length === 0 ? (
        <p className="quiet">{t('None given. People in this browser still find each other.')}</p>
      ) : (
        <ul className="connection-list">
          {inspection.rendezvous.map(({ url, connected }) => (
            <li key={url}>
              <span className="connection-where">{url}</span>
              <span className="quiet">{connected ? t('Reached') : t('Not reached')}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** Links by the device at their other end; a device may be reached on several paths. */
function devicesOf(links: readonly LinkInspection[]): [string, LinkInspection[]][] {
  return [...Map.groupBy(links, (link) => link.device ?? link.remote)]
}

function DeviceRow({ links, name }: { links: readonly LinkInspection[]; name: string }): ReactNode {
  const transports = [...new Set(links.map((link) => transportWords(link.transport)))].join(', ')
  const trips = links.flatMap((link) => link.roundTripMs ?? [])
  const trip = trips.length === 0 ? '' : `, ${Math.round(Math.min(...trips))} ms`
  const sum = (count: (link: LinkInspection) => number): number => links.reduce((total, link) => total + count(link), 0)
  return (
    <li>
      <span className="connection-where">
        <bdi>{nameOf({ name })}</bdi>
      </span>
      <span className="quiet">
        {transports}
        {trip}
      </span>
      <span className="quiet connection-bytes">
        {t('{received} in, {sent} out', {
          received: byteWords(sum((link) => link.bytesIn)),
          sent: byteWords(sum((link) => link.bytesOut)),
        })}
      </span>
    </li>
  )
}
