/**
 * Runs a command beside a watch on stdin: when that closes, because we stop the command or because we
 * died, it gets the signal. For servers that would live on without their launcher.
 */
const SCRIPT = 'exec 3<&0; signal=$1; shift; "$@" </dev/null 3<&- & server=$!; (read -r _; kill -s "$signal" $server) <&3 2>/dev/null & wait $server'

/** The command and arguments for a program specification; `signal` without SIG, as the shell's `kill -s` takes it. */
export function watched(signal: 'INT' | 'TERM', command: readonly string[]): { command: string; args: string[] } {
  return { command: '/bin/sh', args: ['-c', SCRIPT, 'watched', signal, ...command] }
}
