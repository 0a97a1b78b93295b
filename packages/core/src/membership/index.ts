/** Who is a member, with which role and which devices, under which epoch: the fold over the operations on membership. */
export { opKey } from './causality.ts'
export { MembershipResolver, membershipOf, NO_MEMBERSHIP, resolveMembership, type MembershipParts } from './resolver.ts'
export { ROLE_NAMES } from './spans.ts'
export { hasRole, isNameable } from './types.ts'
export type {
  DeviceRecord,
  EpochRecord,
  FormerMember,
  Invite,
  MemberRecord,
  Membership,
  MembershipChecks,
  MembershipFact,
  RoleSpan,
  Verdict,
} from './types.ts'
