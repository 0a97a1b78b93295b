/** What a tab is to its profile. */
export interface TabStatus {
  /** `host`: the engine runs in this tab. */
  readonly role: 'host' | 'guest'
  /** Tabs that this one serves, itself included once it has taken over. */
  readonly guests: number
  /** Messages from other tabs that meant nothing and were dropped. */
  readonly garbage: number
}
