/** What is loaded when somebody checks a profile, or a conversation cannot be opened; in one piece, for bundlers. */
export { verifyProfile, type ProfilePlace, type Verifiable } from './profile.ts'
export { verifyReplica, type ReplicaReport } from './replica.ts'
