/** `npm start`: one whole Driftless on this machine. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseEnv } from './env.ts'
import { farewell, HELP, welcome } from './messages.ts'
import { runDriftless } from './run.ts'
import { messageOf, Refusal } from './setup/failure.ts'
import { ROOT } from './setup/paths.ts'
import { portsFrom } from './setup/ports.ts'
import { openTerminal } from './setup/terminal.ts'

const terminal = openTerminal()

async function main(): Promise<number> {
  const { values: flags } = parseArgs({ options: { fresh: { type: 'boolean', default: false }, play: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } })
  if (flags.help) {
    terminal.say(HELP)
    return 0
  }
  const env = parseEnv(process.env)
  const startedAtMs = Date.now()
  const asked = Promise.withResolvers<'asked'>()
  const aborter = new AbortController()
  listenForStop(() => {
    aborter.abort(new Refusal('Stopped before it was ready.'))
    asked.resolve('asked')
  })

  const running = await runDriftless(
    {
      home: env.DRIFTLESS_HOME ?? join(ROOT, '.driftless'),
      ports: portsFrom(env.DRIFTLESS_PORT),
      terminal,
      logLevel: env.LOG_LEVEL,
      databaseUrl: env.DATABASE_URL ?? null,
      redisUrl: env.REDIS_URL ?? null,
      rolePassword: env.DRIFTLESS_ROLE_PASSWORD ?? null,
      mail: env.SMTP_URL === undefined ? null : { url: env.SMTP_URL, from: env.MAIL_FROM ?? null },
      scenario: null,
      agentEnv: null,
      durable: true,
      fresh: flags.fresh,
    },
    aborter.signal,
  )
  emergency = () => running.supervisor.killAll()
  try {
    if (flags.play) {
      const { play } = await import('./play.ts')
      const played = await Promise.race([play(running, startedAtMs), asked.promise])
      return played === true ? 0 : 1
    }
    terminal.say(await welcome(running, startedAtMs))
    await asked.promise
    return 0
  } finally {
    await farewell(terminal, () => running.stop())
  }
}

/** What a second Ctrl-C does once programs run. */
let emergency: () => Promise<void> = async () => {}

/** One Ctrl-C may arrive twice, from the terminal and handed on by a program between; people are slower. */
const SECOND_REQUEST_MS = 700
/** After ending every program hard, tidying up gets this long. */
const TIDY_UP_MS = 3_000

/** Calls `stop` at the first request to end; a second one ends every program hard. */
function listenForStop(stop: () => void): void {
  let firstAtMs: number | undefined
  const onAsked = () => {
    if (firstAtMs === undefined) {
      firstAtMs = Date.now()
      stop()
    } else if (Date.now() - firstAtMs > SECOND_REQUEST_MS) {
      void emergency()
      setTimeout(() => process.exit(130), TIDY_UP_MS).unref()
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onAsked)
  // The bootstrap above us died without a word: nobody is left to stop us.
  process.once('disconnect', onAsked)
  process.channel?.unref()
}

try {
  process.exitCode = await main()
} catch (error) {
  process.exitCode = 1
  terminal.say()
  console.error(error instanceof Refusal ? terminal.paint('red', '✗ ') + error.message : error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error))
}
process.channel?.unref()
// Nothing ought to be left; a forgotten handle must not keep the terminal waiting.
setTimeout(() => process.exit(), 2_000).unref()
