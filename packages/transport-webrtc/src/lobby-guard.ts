/**
 * What may be said on the channel that y-webrtc opens for its own document. Ours stays empty, so an honest peer says hardly anything:
 * y-webrtc asks with an empty state vector, answers with an empty update, and may ask for presence.
 */

/** `[sync, step 1, ...state vector]`: a question. We do not answer it, so what it asks does not matter. */
const SYNC = 0
const SYNC_STEP_1 = 0
const SYNC_STEP_2 = 1
const QUERY_AWARENESS = 3

/** An answer to a question that has no content: `[sync, step 2, length 2, 0 structs, 0 deletes]`. */
const EMPTY_ANSWER = [SYNC, SYNC_STEP_2, 2, 0, 0]

/** A state vector of an empty document is one byte; whatever is longer than this comes from somebody who has a document. */
const MAX_QUESTION_BYTES = 64

/** Whether a message of y-webrtc leaves document and presence as empty as they are. */
export function isHarmless(message: Uint8Array): boolean {
  const [type, step] = message
  if (message.length > MAX_QUESTION_BYTES) return false
  if (type === QUERY_AWARENESS) return message.length === 1
  if (type !== SYNC) return false
  if (step === SYNC_STEP_1) return true
  return message.length === EMPTY_ANSWER.length && EMPTY_ANSWER.every((byte, index) => byte === message[index])
}
