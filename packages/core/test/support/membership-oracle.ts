/**
 * The rules of ADR 0011 a second time, as plainly as they can be said: every past is a set, every question is asked of all operations, and
 * spans are one role for each entry. Slow, and written apart from the resolver, so that they fail in different ways.
 */
import {
  compareBytes,
  compareHlc,
  deviceIdOf,
  messageIdFromBytes,
  ROLES,
  toBase32,
  userIdOf,
  type DeviceId,
  type HeadPin,
  type UserId,
} from '@parley/protocol'
import { isNameable, opKey, type Membership, type MembershipChecks, type MembershipFact } from '../../src/membership/index.ts'

type F = MembershipFact
/** Entries of a device that the oracle looks at. */
export const SEQS = 60
const NAMES = Object.keys(ROLES) as (keyof typeof ROLES)[]

/** What both resolvers are asked for, as plain data. */
export function plainMembership(membership: Membership, facts: readonly F[]): unknown {
  return {
    members: [...membership.members.values()].map(({ user, role, devices, since, addedBy }) => [
      user,
      role,
      [...devices],
      since.ms,
      since.ctr,
      addedBy ?? '',
    ]),
    former: [...membership.former.values()].map(({ user, by, how, at }) => `${user} ${by} ${how} ${at.ms}`).sort(),
    devices: [...membership.devices]
      .map(([id, { user, isActive, spans }]) =>
        [id, user, isActive, rolesOf((seq) => spans.find((s) => seq >= s.from && seq < s.to)?.role)].join(' '),
      )
      .sort(),
    invites: [...membership.invites.values()]
      .map(({ ref, role, used, isRevoked, by }) => [ref, role, used, isRevoked, by].join(' '))
      .sort(),
    history: membership.policy.history,
    epochs: [...membership.epochs].map(([key, { gen, isUsable }]) => `${key} ${gen} ${isUsable}`).sort(),
    current: membership.currentEpoch === undefined ? '' : toBase32(membership.currentEpoch),
    hidden: [...membership.hidden].sort(),
    pinned: [...membership.pinned].sort(),
    frontier: membership.frontier.map(toBase32),
    without: facts
      .filter(({ id, payload }) => isNameable(payload.op) && membership.verdicts.has(opKey(id)))
      .map(({ id }) => opKey(id))
      .sort(),
  }
}

function rolesOf(roleAt: (seq: number) => string | undefined): string {
  return Array.from({ length: SEQS }, (_, seq) => (roleAt(seq) ?? '-')[0]).join('')
}

export function oracle(all: readonly F[], checks: MembershipChecks): unknown {
  const facts = [...new Map(all.map((f) => [opKey(f.id), f])).values()]
  const ops = facts.filter(({ payload }) => isNameable(payload.op))
  const byKey = new Map(ops.map((f) => [opKey(f.id), f]))

  // Pasts, to the end.
  const names = ({ payload, prev }: F): string[] =>
    [...('after' in payload ? payload.after : []), ...(prev === undefined ? [] : [prev])].map(opKey)
  const past = new Map<F, Set<F>>()
  for (let grown = true; grown;) {
    grown = false
    for (const f of facts) {
      const causes = names(f).map((name) => byKey.get(name))
      if (past.has(f) || !causes.every((cause) => cause !== undefined && past.has(cause))) continue
      past.set(f, new Set(causes.flatMap((cause) => [cause as F, ...(past.get(cause as F) as Set<F>)])))
      grown = true
    }
  }
  const before = (a: F, b: F): boolean => past.get(b)?.has(a) === true
  const beside = (a: F, b: F): boolean => a !== b && !before(a, b) && !before(b, a)
  const inOrder = (a: F, b: F): number => compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
  const counts = (f: F): boolean =>
    past.has(f) && f.isCounted && [...(past.get(f) as Set<F>)].every((cause) => compareHlc(cause.hlc, f.hlc) < 0)
  const order = ops.filter(counts).sort(inOrder)
  const isRoot = (f: F): boolean =>
    f.seq === 0 &&
    f.certs[0]?.deviceId === f.device &&
    (f.payload.op === 'genesis' || (f.payload.op === 'direct' && checks.isDirect(f.certs[0].userId, userIdOf(f.payload.peer))))

  // Whose device wrote what, and who brought which device.
  const userOf = new Map<F, UserId | undefined>()
  const arrivals: { f: F; device: DeviceId; user: UserId; issuer: DeviceId | undefined }[] = []
  const ownerBefore = (device: DeviceId, f: F): { user: UserId; f: F } | undefined =>
    arrivals.filter((a) => a.device === device && before(a.f, f)).sort((a, b) => inOrder(a.f, b.f))[0]
  for (const f of order) {
    userOf.set(f, isRoot(f) ? f.certs[0]?.userId : ownerBefore(f.device, f)?.user)
    const { op } = f.payload
    if ((op === 'genesis' || op === 'direct') && !isRoot(f)) continue
    for (const { deviceId, userId, issuer } of f.certs)
      if (op !== 'device-add' || (userOf.get(f) !== undefined && userOf.get(f) === userId))
        arrivals.push({ f, device: deviceId, user: userId, issuer: op === 'device-add' ? undefined : issuer })
  }
  const targetDevice = (f: F): DeviceId | undefined => (f.payload.op === 'device-remove' ? deviceIdOf(f.payload.pin.log) : undefined)
  const targetOwner = (f: F): UserId | undefined => ownerBefore(targetDevice(f) as DeviceId, f)?.user
  const isOwnRemoval = (f: F): boolean =>
    f.payload.op === 'device-remove' && userOf.get(f) !== undefined && targetOwner(f) === userOf.get(f)

  // Soundness of a device, given the removals that hold.
  type Gone = (device: DeviceId, f: F) => boolean
  const goneBy =
    (removals: readonly F[]): Gone =>
    (device, f) =>
      removals.some((r) => targetDevice(r) === device && !before(f, r))
  const isSound = (f: F, user: UserId, gone: Gone): boolean => {
    if (gone(f.device, f)) return false
    if (isRoot(f) && !(f.certs[0]?.issuer !== undefined && gone(f.certs[0].issuer, f))) return true
    return arrivals.some(
      (a) =>
        a.device === f.device &&
        a.user === user &&
        before(a.f, f) &&
        !gone(a.device, a.f) &&
        !(a.issuer !== undefined && gone(a.issuer, a.f)) &&
        (a.f.payload.op !== 'device-add' || isSound(a.f, user, gone)),
    )
  }
  const ageOf = (f: F): F => (isRoot(f) ? f : (ownerBefore(f.device, f)?.f as F))
  const ownRemovals = (user: UserId, byAdmins: readonly F[]): F[] => {
    const held: F[] = []
    const rest = order.filter((f) => isOwnRemoval(f) && userOf.get(f) === user)
    while (rest.length > 0) {
      const ready = rest.filter((f) => !rest.some((other) => before(other, f)))
      ready.sort((a, b) => inOrder(ageOf(a), ageOf(b)) || inOrder(a, b))
      const next = ready[0] as F
      rest.splice(rest.indexOf(next), 1)
      if (targetDevice(next) !== next.device && isSound(next, user, goneBy([...byAdmins, ...held]))) held.push(next)
    }
    return held
  }

  // Authority, by seniority.
  const isAct = (f: F): boolean =>
    ['invite', 'grant', 'remove', 'policy', 'revoke'].includes(f.payload.op) || (f.payload.op === 'device-remove' && !isOwnRemoval(f))
  const genesis = order.find((f) => isRoot(f) && f.payload.op === 'genesis')
  const isDirect = genesis === undefined && order.some(isRoot)
  const candidates = order
    .filter((f) => f.payload.op === 'grant' && f.payload.role === ROLES.admin && userOf.get(f) !== undefined)
    .map((f) => ({ f, user: f.payload.op === 'grant' ? userIdOf(f.payload.user) : ('' as UserId) }))
  if (genesis !== undefined) candidates.unshift({ f: genesis, user: userOf.get(genesis) as UserId })
  const granted = new Map<F, number>()
  const valid: number[] = []
  const lowers = (user: UserId, below: number): { f: F; role: number }[] =>
    [...granted]
      .filter(([, rank]) => rank < below)
      .flatMap(([f]) => {
        if (f.payload.op === 'remove' && userIdOf(f.payload.user) === user) return [{ f, role: -1 }]
        if (f.payload.op === 'grant' && userIdOf(f.payload.user) === user && f.payload.role < ROLES.admin)
          return [{ f, role: f.payload.role }]
        return []
      })
  const killsBelow = (below: number): F[] =>
    [...granted].filter(([f, rank]) => rank < below && f.payload.op === 'device-remove').map(([f]) => f)
  const goneFor = (user: UserId, below: number): Gone => {
    const kills = killsBelow(below)
    return goneBy([...kills, ...ownRemovals(user, kills)])
  }
  const leaves = (user: UserId, below: number): F[] => {
    const gone = goneFor(user, below)
    return order.filter(
      (f) =>
        f.payload.op === 'leave' &&
        userOf.get(f) === user &&
        isSound(f, user, gone) &&
        !lowers(user, below).some((l) => l.role === -1 && beside(l.f, f)),
    )
  }
  for (const [rank, { f: source, user }] of candidates.entries()) {
    if (source !== genesis) {
      if (!granted.has(source)) continue
      if (lowers(user, rank).some((l) => beside(l.f, source)) || leaves(user, rank).some((l) => beside(l, source))) continue
    }
    valid.push(rank)
    const gone = goneFor(user, rank)
    for (const f of order.filter((act) => isAct(act) && userOf.get(act) === user && !granted.has(act) && before(source, act))) {
      if (!isSound(f, user, gone)) continue
      if (lowers(user, rank).some((l) => !before(f, l.f) && !before(l.f, source))) continue
      if (leaves(user, rank).some((l) => before(l, f) && !before(l, source))) continue
      const target =
        f.payload.op === 'grant' || f.payload.op === 'remove'
          ? userIdOf(f.payload.user)
          : f.payload.op === 'device-remove'
            ? (targetOwner(f) ?? '')
            : undefined
      if (target === '' || target === user) continue
      if (target !== undefined) {
        const isNamed = order.some(
          (g) =>
            before(g, f) && (g.certs.some((c) => c.userId === target) || (g.payload.op === 'grant' && userIdOf(g.payload.user) === target)),
        )
        if (f.payload.op === 'remove' && !isNamed) continue
        const senior = valid.some((other) => {
          const it = candidates[other] as (typeof candidates)[number]
          if (it.user !== target || other >= rank || before(f, it.f)) return false
          const isOver =
            lowers(target, rank).some((l) => before(l.f, f) && !before(l.f, it.f)) ||
            leaves(target, rank).some((l) => before(l, f) && !before(l, it.f))
          return !isOver
        })
        if (senior) continue
      }
      granted.set(f, rank)
    }
  }

  // One pass over all of it.
  const gone = (user: UserId): Gone => goneFor(user, Number.POSITIVE_INFINITY)
  const removedBeside = (user: UserId, f: F): boolean => lowers(user, Number.POSITIVE_INFINITY).some((l) => l.role === -1 && beside(l.f, f))
  const leftBeside = (user: UserId, f: F): boolean => leaves(user, Number.POSITIVE_INFINITY).some((l) => beside(l, f))
  const members = new Map<UserId, { role: number; devices: DeviceId[]; since: F; addedBy: UserId | undefined; round: number }>()
  const former = new Map<UserId, { by: UserId; how: string; f: F }>()
  const userEvents: { f: F; user: UserId; role: number | undefined }[] = []
  const deviceEvents: { f: F; device: DeviceId; isIn: boolean }[] = []
  interface Stay {
    round: number
    roles: (number | undefined)[]
    ends: number[]
    isOver: boolean
  }
  const seats = new Map<DeviceId, { user: UserId; stays: Stay[]; cuts: number[]; removals: F[] }>()
  const invites = new Map<string, { f: F; used: number; isRevoked: boolean; isOpen: boolean }>()
  const rounds = new Map<UserId, number>()
  let history = genesis?.payload.op === 'genesis' ? genesis.payload.history : 'full'
  const effective = new Set<F>()
  const epochs = new Map<
    string,
    { id: Uint8Array; gen: number; openers: F[]; isValid: boolean; recipients: Set<DeviceId>; wraps: Set<string> }
  >()
  const epoch = (id: Uint8Array) => {
    const key = toBase32(id)
    const known = epochs.get(key) ?? { id, gen: -1, openers: [], isValid: false, recipients: new Set<DeviceId>(), wraps: new Set<string>() }
    epochs.set(key, known)
    return known
  }
  const isActive = (device: DeviceId): boolean => {
    const seat = seats.get(device)
    return seat !== undefined && seat.cuts.length === 0 && seat.stays.at(-1)?.isOver === false
  }
  const roleBefore = (user: UserId, f: F): number | undefined => userEvents.findLast((e) => e.user === user && before(e.f, f))?.role
  const seatedBefore = (f: F): boolean =>
    seats.get(f.device)?.user === userOf.get(f) && deviceEvents.findLast((e) => e.device === f.device && before(e.f, f))?.isIn === true
  const pinOf = (f: F, device: DeviceId, pins: readonly HeadPin[]): number =>
    Math.max(
      0,
      ...pins.filter(({ log }) => deviceIdOf(log) === device).map(({ nextSeq }) => nextSeq),
      ...f.acks.filter(([acked]) => acked === device).map(([, nextSeq]) => nextSeq),
      ...[f, ...(past.get(f) as Set<F>)].filter((known) => known.device === device).map(({ seq }) => seq + 1),
    )
  const lastEnd = (device: DeviceId): number => Math.max(0, ...(seats.get(device)?.stays.at(-1)?.ends ?? []))
  const begin = (f: F, user: UserId, role: number, addedBy: UserId | undefined): void => {
    userEvents.push({ f, user, role })
    rounds.set(user, (rounds.get(user) ?? 0) + 1)
    members.set(user, { role, devices: [], since: f, addedBy, round: rounds.get(user) as number })
    former.delete(user)
  }
  const seat = (f: F, user: UserId, device: DeviceId, role: number, from: number | undefined): void => {
    const it = seats.get(device) ?? { user, stays: [], cuts: [], removals: [] }
    const first = Math.max(from ?? 0, lastEnd(device))
    seats.set(device, it)
    // What ended at the end of all sequence numbers leaves no room.
    it.stays.push({
      round: rounds.get(user) as number,
      roles: Array.from({ length: SEQS }, (_, seq) => (seq >= first ? role : undefined)),
      ends: [first],
      isOver: false,
    })
    deviceEvents.push({ f, device, isIn: true })
    members.get(user)?.devices.push(device)
  }
  const canSit = (device: DeviceId, user: UserId): boolean => {
    const it = seats.get(device)
    return it === undefined || (it.user === user && !isActive(device))
  }
  const canArrive = (f: F, cert: F['certs'][number]): boolean =>
    !gone(cert.userId)(cert.deviceId, f) &&
    !(cert.issuer !== undefined && gone(cert.userId)(cert.issuer, f)) &&
    canSit(cert.deviceId, cert.userId)
  const authorRole = (f: F, least: number): boolean => {
    const user = userOf.get(f)
    if (user === undefined || !seatedBefore(f) || !isSound(f, user, gone(user))) return false
    return (roleBefore(user, f) ?? -1) >= least && !lowers(user, Number.POSITIVE_INFINITY).some((l) => l.role < least && beside(l.f, f))
  }
  const endMember = (f: F, user: UserId, pins: readonly HeadPin[], how: string): void => {
    for (const [device, it] of seats) {
      const stay = it.stays.at(-1) as Stay
      if (it.user !== user || stay.round !== rounds.get(user) || it.removals.some((r) => before(r, f))) continue
      if (isActive(device)) deviceEvents.push({ f, device, isIn: false })
      stay.ends.push(pinOf(f, device, pins))
      stay.isOver = true
    }
    if (!members.delete(user)) return
    userEvents.push({ f, user, role: undefined })
    former.set(user, { by: userOf.get(f) as UserId, how, f })
  }
  const apply = (f: F): boolean => {
    const { payload, certs } = f
    const user = userOf.get(f)
    if (isAct(f) && !granted.has(f)) return false
    switch (payload.op) {
      case 'genesis': {
        if (f !== genesis) return false
        begin(f, user as UserId, ROLES.founder, undefined)
        seat(f, user as UserId, f.device, ROLES.founder, 0)
        const opened = epoch(checks.epochId(payload.epochCommitment))
        opened.gen = 0
        opened.openers.push(f)
        opened.isValid = true
        opened.recipients.add(f.device)
        return true
      }
      case 'direct': {
        if (!isDirect || !isRoot(f) || !canArrive(f, certs[0] as F['certs'][number])) return false
        for (const one of new Set([user as UserId, userIdOf(payload.peer)]))
          if (members.has(one)) userEvents.push({ f, user: one, role: ROLES.writer })
          else begin(f, one, ROLES.writer, undefined)
        seat(f, user as UserId, f.device, ROLES.writer, 0)
        const opened = epoch(checks.epochId(payload.epochCommitment))
        if (opened.openers.length === 0) opened.gen = 0
        opened.openers.push(f)
        opened.isValid = true
        for (const device of [f.device, ...payload.boxes.map((box) => deviceIdOf(box.device))]) opened.recipients.add(device)
        return true
      }
      case 'invite':
        invites.set(toBase32(concat(f)), { f, used: 0, isRevoked: false, isOpen: true })
        return true
      case 'revoke': {
        const invite = invites.get(messageIdFromBytes(payload.invite))
        if (invite === undefined || !before(invite.f, f)) return false
        invite.isRevoked = true
        return true
      }
      case 'policy':
        history = payload.history
        return true
      case 'remove':
        endMember(f, userIdOf(payload.user), payload.pins, 'removed')
        return true
      case 'leave':
        if (isDirect || user === undefined || !seatedBefore(f) || roleBefore(user, f) === undefined) return false
        if (!leaves(user, Number.POSITIVE_INFINITY).includes(f)) return false
        endMember(f, user, payload.pins, 'left')
        return true
      case 'device-remove': {
        if (isOwnRemoval(f) && !ownRemovals(user as UserId, killsBelow(Number.POSITIVE_INFINITY)).includes(f)) return false
        const device = deviceIdOf(payload.pin.log)
        const it = seats.get(device)
        if (it === undefined) return true
        if (isActive(device)) {
          deviceEvents.push({ f, device, isIn: false })
          const member = members.get(it.user)
          if (member !== undefined) member.devices = member.devices.filter((d) => d !== device)
        }
        it.cuts.push(pinOf(f, device, [payload.pin]))
        it.removals.push(f)
        return true
      }
      case 'grant': {
        const target = userIdOf(payload.user)
        if (removedBeside(target, f) || leftBeside(target, f)) return false
        if (payload.role === ROLES.admin && !valid.some((rank) => candidates[rank]?.f === f)) return false
        const member = members.get(target)
        if (member === undefined) begin(f, target, payload.role, user)
        else {
          member.role = payload.role
          userEvents.push({ f, user: target, role: payload.role })
          for (const device of member.devices) {
            const stay = seats.get(device)?.stays.at(-1) as Stay
            // A change begins no earlier than the one before it in order.
            const at = Math.max(pinOf(f, device, payload.pins), (stay as Stay & { changed?: number }).changed ?? (stay.ends[0] as number))
            ;(stay as Stay & { changed?: number }).changed = at
            for (let seq = at; seq < SEQS; seq++) stay.roles[seq] = payload.role
          }
        }
        const named = (device: DeviceId): number | undefined => payload.pins.find(({ log }) => deviceIdOf(log) === device)?.nextSeq
        for (const cert of certs)
          if (cert.userId === target && canArrive(f, cert)) seat(f, target, cert.deviceId, payload.role, named(cert.deviceId))
        if (member === undefined)
          for (const { log, nextSeq } of payload.pins) {
            const device = deviceIdOf(log)
            const cert = lastCerts.get(device)
            if (seats.get(device)?.user === target && cert !== undefined && canArrive(f, cert))
              seat(f, target, device, payload.role, nextSeq)
          }
        return true
      }
      case 'epoch': {
        if (user === undefined || !seatedBefore(f) || (roleBefore(user, f) ?? -1) < ROLES.writer) return false
        const parents = payload.parents.map((id) => epochs.get(toBase32(id)))
        if (parents.length === 0 || !parents.every((parent) => parent !== undefined && parent.openers.some((o) => before(o, f))))
          return false
        if (payload.gen !== 1 + Math.max(...parents.map((parent) => parent?.gen ?? 0))) return false
        const isValid = authorRole(f, ROLES.writer)
        const opened = epoch(checks.epochId(payload.commitment))
        if (opened.openers.length === 0) opened.gen = payload.gen
        opened.openers.push(f)
        opened.isValid ||= isValid
        for (const device of [f.device, ...payload.boxes.map((box) => deviceIdOf(box.device))]) opened.recipients.add(device)
        for (const { parent } of payload.back)
          if (epochs.get(toBase32(parent))?.openers.some((o) => before(o, f)) === true) opened.wraps.add(toBase32(parent))
        return isValid
      }
      case 'admit':
      case 'device-add': {
        if (!authorRole(f, payload.op === 'admit' ? ROLES.writer : ROLES.reader)) return false
        const cert = certs[0]
        if (cert === undefined) return false
        const isIn = payload.op === 'admit' ? admit(f, cert) : addDevice(f, cert)
        for (const box of payload.boxes) epoch(box.epoch).recipients.add(cert.deviceId)
        return isIn
      }
      default:
        return false
    }
  }
  const lastCerts = new Map<DeviceId, F['certs'][number]>()
  const admit = (f: F, cert: F['certs'][number]): boolean => {
    if (f.payload.op !== 'admit') return false
    const ref = messageIdFromBytes(f.payload.invite)
    const invite = invites.get(ref)
    if (invite?.f.payload.op !== 'invite' || !before(invite.f, f)) return false
    const isRevoked = order.some(
      (r) =>
        r.payload.op === 'revoke' && granted.has(r) && messageIdFromBytes(r.payload.invite) === ref && before(invite.f, r) && !before(f, r),
    )
    if (
      isRevoked ||
      invite.used >= invite.f.payload.maxUses ||
      f.hlc.ms > invite.f.payload.expiresMs ||
      !checks.proofHolds(f, invite.f.payload.publicKey)
    )
      return false
    if (members.has(cert.userId) || removedBeside(cert.userId, f) || leftBeside(cert.userId, f) || !canArrive(f, cert)) return false
    const made = invite.f
    const isOld = lowers(cert.userId, Number.POSITIVE_INFINITY).some((l) => l.role === -1 && before(l.f, f) && !before(l.f, made))
    if (isOld) return false
    invite.used++
    begin(f, cert.userId, invite.f.payload.role, userOf.get(f))
    seat(f, cert.userId, cert.deviceId, invite.f.payload.role, f.payload.from)
    return true
  }
  const addDevice = (f: F, cert: F['certs'][number]): boolean => {
    const member = members.get(cert.userId)
    if (cert.userId !== userOf.get(f) || member === undefined || gone(cert.userId)(cert.deviceId, f) || !canSit(cert.deviceId, cert.userId))
      return false
    seat(f, cert.userId, cert.deviceId, member.role, undefined)
    return true
  }
  for (const f of order) {
    if (apply(f)) effective.add(f)
    for (const cert of f.certs)
      if (deviceEvents.some((e) => e.f === f && e.device === cert.deviceId && e.isIn)) lastCerts.set(cert.deviceId, cert)
  }

  // Spans, one role for each entry.
  const roleAt = (device: DeviceId, seq: number): number | undefined => {
    const it = seats.get(device)
    if (it === undefined || (it.cuts.length > 0 && seq >= Math.max(...it.cuts))) return undefined
    for (const stay of it.stays) if ((!stay.isOver || seq < Math.max(...stay.ends)) && stay.roles[seq] !== undefined) return stay.roles[seq]
    return undefined
  }
  const loose = facts.filter((f) => counts(f) && !isNameable(f.payload.op)).sort(inOrder)
  for (const { payload, device, seq } of loose)
    if (payload.op === 'reseal' && roleAt(device, seq) !== undefined)
      for (const box of payload.boxes) epoch(payload.epoch).recipients.add(deviceIdOf(box.device))
  const marked = (kind: 'hide' | 'pin'): string[] => {
    const on = new Set<string>()
    for (const { payload, device, seq } of loose) {
      if (payload.op !== kind || (roleAt(device, seq) ?? -1) < (kind === 'pin' && isDirect ? ROLES.writer : ROLES.moderator)) continue
      if (payload.on) on.add(messageIdFromBytes(payload.target))
      else on.delete(messageIdFromBytes(payload.target))
    }
    return [...on].sort()
  }

  // Who holds the secret of an epoch: its recipients, and those of every epoch that unlocks it.
  const holders = (key: string, seen = new Set<string>()): DeviceId[] => {
    if (seen.has(key)) return []
    seen.add(key)
    return [
      ...(epochs.get(key)?.recipients ?? []),
      ...[...epochs].filter(([, e]) => e.wraps.has(key)).flatMap(([wrapper]) => holders(wrapper, seen)),
    ]
  }
  const isSpoilt = (key: string, seen = new Set<string>()): boolean => {
    if (seen.has(key)) return false
    seen.add(key)
    return epochs.get(key)?.isValid !== true || [...epochs].some(([wrapper, e]) => e.wraps.has(key) && isSpoilt(wrapper, seen))
  }
  const isUsable = (key: string): boolean =>
    !isSpoilt(key) && holders(key).every((device) => isActive(device) || (isDirect && !seats.has(device)))
  const opened = [...epochs].filter(([, e]) => e.openers.length > 0)
  const usable = opened.filter(([key]) => isUsable(key)).sort(([, a], [, b]) => b.gen - a.gen || compareBytes(a.id, b.id))
  const valids = order.filter((f) => effective.has(f))

  return {
    members: [...members].map(([user, m]) => [user, NAMES[m.role], m.devices, m.since.hlc.ms, m.since.hlc.ctr, m.addedBy ?? '']),
    former: [...former].map(([user, { by, how, f }]) => `${user} ${by} ${how} ${f.hlc.ms}`).sort(),
    devices: [...seats].map(([id, { user }]) => [id, user, isActive(id), rolesOf((seq) => NAMES[roleAt(id, seq) ?? -1])].join(' ')).sort(),
    invites: [...invites]
      .map(([ref, { f, used, isRevoked }]) =>
        [ref, f.payload.op === 'invite' ? NAMES[f.payload.role] : '', used, isRevoked, userOf.get(f)].join(' '),
      )
      .sort(),
    history,
    epochs: opened.map(([key, { gen }]) => `${key} ${gen} ${isUsable(key)}`).sort(),
    current: usable[0]?.[0] ?? '',
    hidden: marked('hide'),
    pinned: marked('pin'),
    frontier: valids
      .filter((f) => !valids.some((other) => before(f, other)))
      .slice(-32)
      .map(({ id }) => id.slice(0, 16))
      .sort(compareBytes)
      .map(toBase32),
    without: ops
      .filter((f) => !effective.has(f))
      .map(({ id }) => opKey(id))
      .sort(),
  }
}

function concat({ deviceBytes, seq, id }: F): Uint8Array {
  const bytes = new Uint8Array(36)
  bytes.set(deviceBytes)
  new DataView(bytes.buffer).setUint32(16, seq)
  bytes.set(id.subarray(0, 16), 20)
  return bytes
}
