/** How much is logged: everything up to and including the level. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** The levels, the most important first. */
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

/** The shape of the engine's Logger, and `info`. */
export interface RelayLogger {
  debug(event: string, facts?: Record<string, unknown>): void
  info?(event: string, facts?: Record<string, unknown>): void
  warn(event: string, facts?: Record<string, unknown>): void
  error(event: string, facts?: Record<string, unknown>): void
}

/** One JSON object a line: `{"time":"2026-01-02T03:04:05.678Z","level":"info","event":"relay.started",…facts}`. */
export function createJsonLogger(level: LogLevel, write: (line: string) => void): Required<RelayLogger> {
  const wanted = LOG_LEVELS.indexOf(level)
  const at =
    (level: LogLevel) =>
    (event: string, facts: Record<string, unknown> = {}): void => {
      if (LOG_LEVELS.indexOf(level) > wanted) return
      write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...facts })}\n`)
    }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}
