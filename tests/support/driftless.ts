/** A whole Driftless of a test's own: its own home, its own ports, the portal's shared production build. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SiteSide } from '@driftless/launch/programs.ts'
import { runDriftless } from '@driftless/launch/run.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { silentTerminal } from '@driftless/launch/setup/terminal.ts'
import { testEnv } from './env.ts'

export type StartOptions = {
  /** JSON file with the source site's VMs; the demo's when left out. */
  scenario?: string
  /** What agents of another hypervisor than the lab are told; see `RunOptions`. */
  agentEnv?: (side: SiteSide, dataDirectory: string) => Promise<Record<string, string>>
  /** A Redis for the queues; they are in PostgreSQL when left out. */
  redisUrl?: string
  /** A mail server; no mails are sent when left out. */
  mail?: { url: string; from: string | null }
  /** How long a minute of an observation lasts: all its spans shrink with it. A minute when left out. */
  observationMinuteSeconds?: number
  /** A PostgreSQL of the user's own, as its owner; embedded when left out. */
  databaseUrl?: string
}

/**
 * Starts PostgreSQL, coordinator, both lab hosts, both agents and the portal with the demo's people. Programs
 * are reached by name through `supervisor`: `kill('agent-source')` is SIGKILL and stays down until
 * `restart('agent-source')`. `stop` ends all and removes the home; logs are kept where DRIFTLESS_TEST_LOGS says.
 */
export async function startDriftless(options: StartOptions = {}): Promise<RunningDriftless> {
  const home = await mkdtemp(join(tmpdir(), 'home-'))
  const remove = async () => {
    const { DRIFTLESS_TEST_LOGS: keep } = testEnv()
    if (keep !== undefined) await cp(join(home, 'logs'), keep, { recursive: true, force: true }).catch(() => {})
    await rm(home, { recursive: true, force: true })
  }
  try {
    const running = await runDriftless({
      home,
      ports: await anyFreePorts(),
      terminal: { ...silentTerminal, warn: (line) => console.warn(line) },
      logLevel: 'info',
      databaseUrl: options.databaseUrl ?? null,
      redisUrl: options.redisUrl ?? null,
      rolePassword: null,
      mail: options.mail ?? null,
      observationMinuteSeconds: options.observationMinuteSeconds,
      scenario: options.scenario ?? null,
      agentEnv: options.agentEnv ?? null,
      durable: false,
      fresh: false,
    })
    return {
      ...running,
      async stop() {
        await running.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
