import type { Metadata } from '@parley/chat'

/** The metadata key under which this app keeps what a group is for. */
export const DESCRIPTION_KEY = 'description'

/** What a group is for, empty when nobody said. */
export function descriptionOf({ metadata }: { readonly metadata: Metadata }): string {
  const description = metadata[DESCRIPTION_KEY]
  return typeof description === 'string' ? description : ''
}
