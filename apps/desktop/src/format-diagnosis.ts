/**
 * A diagnosis as people read it: who is reachable, by which path, what waits and why.
 */
import type { ConversationDiagnosis, Diagnosis, Path, PersonDiagnosis } from './diagnosis.ts'
import { nameOf } from './format.ts'
import { sizeText } from './progress.ts'
import type { Surroundings } from './surroundings.ts'
import { oneLine, pad } from './text.ts'

const NAME_COLUMNS = 16
const STATUS_COLUMNS = 8
const SHORT_ID = 8

export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { people, conversations, requests, strangers } = diagnosis
  return [
    'This device',
    ...ownLines(diagnosis).map(indent),
    'People',
    ...(people.length === 0 ? ['nobody known yet'] : people.flatMap(personLines)).map(indent),
    ...strangers.map((path) => indent(`${pad('(not known)', NAME_COLUMNS)}  ${pathText(path)}`)),
    'Conversations',
    ...(conversations.length === 0 ? ['none yet'] : conversations.map((one) => conversationLine(one, people))).map(indent),
    ...(requests === 0 ? [] : [indent(`${requests} ask to write to you: \`parley requests\``)]),
    ...refusalLines(diagnosis),
  ].join('\n')
}

/** The disk, the versions, and what gives trouble. */
export function formatSurroundings({ versions, profile, relayed, findings }: Surroundings): string {
  const free = profile.freeBytes === undefined ? '' : `, ${sizeText(profile.freeBytes)} free`
  return [
    'What it stands on',
    ...[
      `profile ${oneLine(profile.path)}${free}, ${profile.isServed ? 'open in a running peer, which answers' : 'open for this command'}`,
      `parley ${versions.parley}, Node ${versions.node}, ${versions.platform}`,
      ...relayed.map((address) => `reached through ${address}`),
    ].map(indent),
    findings.length === 0 ? 'Nothing gives trouble' : 'To be looked at',
    ...findings.map(({ text }) => indent(text)),
  ].join('\n')
}

function ownLines({ userId, deviceId, online, listening, rendezvous }: Diagnosis): string[] {
  const lines = [`user ${userId}`, `device ${deviceId}`]
  if (!online) return [...lines, 'offline: nobody is reached by this command']
  lines.push(...listening.map((address) => `listening on ${address}`))
  if (listening.length === 0) lines.push('not listening: others are reached only where they listen')
  return [...lines, ...rendezvous.map(({ url, connected }) => `rendezvous ${oneLine(url)}: ${connected ? 'connected' : 'not connected'}`)]
}

function personLines(person: PersonDiagnosis): string[] {
  const lead = `${pad(nameOf(person), NAME_COLUMNS)}  ${pad(person.status.toLowerCase(), STATUS_COLUMNS)}  `
  const paths = person.paths.map(pathText)
  // Whoever is online without a link is so by the word of somebody who has one.
  if (paths.length === 0) paths.push(person.status === 'ONLINE' ? 'through other members' : 'no path')
  return paths.map((path, i) => (i === 0 ? lead : ' '.repeat(lead.length)) + path)
}

function pathText({ transport, remote, roundTripMs, queuedBytes }: Path): string {
  const delay = roundTripMs === undefined ? '' : `  ${Math.round(roundTripMs)} ms`
  const queued = queuedBytes === 0 ? '' : `  ${sizeText(queuedBytes)} waiting`
  return `${transport}  ${oneLine(remote)}${delay}${queued}`
}

function conversationLine(conversation: ConversationDiagnosis, people: readonly PersonDiagnosis[]): string {
  const { id, title, state, syncState, undelivered, unheard } = conversation
  const { phase, peers, done, total } = syncState
  const facts = [
    state === 'member' ? (phase === 'syncing' ? `syncing ${done} of ${total}` : phase) : state,
    peers === 0 ? '' : `${peers} ${peers === 1 ? 'device' : 'devices'} connected`,
    undelivered === 0 ? '' : `${undelivered} of your messages nobody else has yet`,
    unheard.length === 0
      ? ''
      : `not answered: ${unheard.map((user) => nameOf(people.find((one) => one.id === user) ?? { id: user, name: '' })).join(', ')}`,
  ]
  return `${id.slice(0, SHORT_ID)}  ${oneLine(title)}  ${facts.filter((fact) => fact !== '').join('; ')}`
}

function refusalLines({ rejected, passedOver }: Diagnosis): string[] {
  const refused = Object.entries(rejected).filter(([, count]) => count > 0)
  const { deferred, held, waitingBytes } = passedOver
  const lines = refused.map(([code, count]) => `refused from peers: ${code} ${count}`)
  if (deferred > 0) lines.push(`put off for coming too fast: ${deferred}`)
  if (held > 0) lines.push(`held for a clock that is too far ahead: ${held}`)
  if (waitingBytes > 0) lines.push(`waiting for a signature: ${sizeText(waitingBytes)}`)
  return lines.length === 0 ? [] : ['Since the start', ...lines.map(indent)]
}

function indent(line: string): string {
  return `  ${line}`
}
