/**
 * Writes the vectors: `node --conditions=@parley/source test/vectors/generate.ts [name...]`, all of them unless named. By hand, after a change of the format that is meant. The same
 * code gives the same files, so `git diff` shows what changed; the tests read the files and never this.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { boxes, certificates, chains, epochs, invites, sealed, signatures } from './make/crypto.ts'
import { comparisons, contactCards, deviceChains, deviceLinks, recovery, wrappedSecrets } from './make/identity.ts'
import { handshakes, signals } from './make/link.ts'
import { rejects } from './make/rejects.ts'
import type { Json } from './make/seed.ts'
import { clocks, controls, entries, ids, inviteLinks, linkMessages, payloads, updates } from './make/structures.ts'

const FILES: Record<string, { about: string; vectors: Json }> = {
  ids: { about: 'Ids and their text forms; client ids and root names of chunks.', vectors: ids() },
  clock: { about: 'Readings of the clock as bytes, and the reading after another.', vectors: clocks() },
  entries: { about: 'Stored entries, the parts they are made of, and what is derived from them.', vectors: entries() },
  payloads: { about: 'Message payloads before sealing.', vectors: payloads() },
  controls: { about: 'Control payloads.', vectors: controls() },
  'invite-links': { about: 'Invite links, and texts that are none.', vectors: inviteLinks() },
  'link-messages': { about: 'Messages of a link.', vectors: linkMessages() },
  updates: { about: 'Canonical Yjs V1 updates and the runs in them; state vectors.', vectors: updates() },
  rejects: { about: 'Bytes that a decoder refuses, with the code of the refusal.', vectors: rejects() },
  chains: { about: 'One log with sparse signatures, its chain states, and changes that must be noticed.', vectors: await chains() },
  signatures: { about: 'Ed25519: RFC 8032, and signatures on which engines differ, with the one verdict.', vectors: signatures() },
  certificates: { about: 'Device certificates.', vectors: await certificates() },
  sealed: { about: 'XChaCha20-Poly1305 bodies, and derived keys.', vectors: sealed() },
  boxes: { about: 'HPKE boxes.', vectors: await boxes() },
  epochs: { about: 'Epoch secrets, their commitments, ids and derived keys.', vectors: epochs() },
  handshake: { about: 'One handshake: hellos, transcript, tags, handle, sealed identity and join request.', vectors: await handshakes() },
  signals: { about: 'Presence packets and seen slots.', vectors: await signals() },
  'device-chains': { about: 'Certificates of added devices, and chains of certificates.', vectors: await deviceChains() },
  recovery: { about: 'Recovery phrases and the secrets that follow from them.', vectors: recovery() },
  comparisons: { about: 'Safety numbers, and a short code with its commitments.', vectors: await comparisons() },
  'contact-cards': { about: 'Contact cards, texts that are none, and cards that are not true; inbox keys.', vectors: await contactCards() },
  'device-links': { about: 'Device link codes with their keys, and texts that are none.', vectors: deviceLinks() },
  'wrapped-secrets': { about: 'The secret of an epoch wrapped under the one that follows it.', vectors: wrappedSecrets() },
  invites: { about: 'Invite keys and join proofs.', vectors: await invites() },
}

const named = process.argv.slice(2)
for (const [name, content] of Object.entries(FILES)) {
  if (named.length > 0 && !named.includes(name)) continue
  writeFileSync(fileURLToPath(new URL(`${name}.json`, import.meta.url)), `${JSON.stringify(content, null, 1)}\n`)
}
