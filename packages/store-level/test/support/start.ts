import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts a script of this folder on the sources, in a process of its own, with a limit on the size of its files when one is given. */
export function start(script: string, args: readonly string[], options: { fileBlocks?: number } = {}): ChildProcess {
  const command = [process.execPath, '--conditions=@parley/source', fileURLToPath(new URL(script, import.meta.url)), ...args]
  const limit = options.fileBlocks === undefined ? '' : `ulimit -f ${options.fileBlocks}; `
  return spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** All that a process writes to its standard output until it ends; `onText` is told of each piece. */
export async function outputOf(child: ChildProcess, onText: (soFar: string) => void = () => undefined): Promise<string> {
  let output = ''
  for await (const piece of child.stdout ?? []) {
    output += String(piece)
    onText(output)
  }
  return output
}
