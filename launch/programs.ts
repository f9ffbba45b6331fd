/** What each program of a Driftless is started with: the environment agreed by all of them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { RoleUrls } from './deploy/roles.ts'
import { ROOT } from './setup/paths.ts'
import type { Places } from './setup/paths.ts'
import type { Ports } from './setup/ports.ts'
import type { Secrets } from './setup/secrets.ts'
import type { ProgramSpec } from './supervisor.ts'

export type Setting = {
  places: Places
  ports: Ports
  urls: RoleUrls
  secrets: Secrets
  /** Where wake-ups go: PostgreSQL or Redis. */
  queueUrl: string
  logLevel: string
  /** Where mails go, and whom they come from (null: the portal's own address); null: none are sent. */
  mail: { url: string; from: string | null } | null
  /** How long a minute of an observation lasts; a minute when left out. Demonstrations and tests make do with a shorter one. */
  observationMinuteSeconds?: number | undefined
  /** What every program inherits from our own environment. */
  inherited: Readonly<Record<string, string>>
}

const readyLine = z.object({ msg: z.literal('ready') })

/** True for the JSON line with which our programs say that they are ready. */
export function saysReady(line: string): boolean {
  if (!line.includes('"ready"')) return false
  try {
    return readyLine.safeParse(JSON.parse(line)).success
  } catch {
    return false
  }
}

/**
 * How Node runs an agent: its young generation stays small. By itself it grows to 96 MiB under load and keeps them; what an
 * agent allocates there dies at once, so that a small one costs it nothing.
 */
export const AGENT_NODE_OPTIONS = ['--max-semi-space-size=4'] as const

function ourProgram(setting: Setting, name: string, app: string, env: Record<string, string>, nodeOptions: readonly string[] = []): ProgramSpec {
  return {
    name,
    command: process.execPath,
    args: [...nodeOptions, join(ROOT, 'apps', app, 'src', 'main.ts')],
    env: { ...setting.inherited, NODE_ENV: 'production', LOG_LEVEL: setting.logLevel, EXIT_WITH_PARENT: '1', ...env },
    isReady: saysReady,
    stopBy: 'SIGTERM',
    cwd: ROOT,
  }
}

export function coordinatorProgram(setting: Setting): ProgramSpec {
  return ourProgram(setting, 'coordinator', 'coordinator', {
    DATABASE_URL: setting.urls.coordinator,
    QUEUE_URL: setting.queueUrl,
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: String(setting.ports.gateway),
    GATEWAY_NAMES: 'localhost,127.0.0.1',
    SEALING_KEY: setting.secrets.sealing,
    GATEWAY_KEY: setting.secrets.gateway,
    ORDER_PUBLIC_KEY: setting.secrets.orders.publicKey,
    AUDIT_SIGNING_KEY: setting.secrets.auditLog.privateKey,
    AUDIT_ANCHOR: `file:${setting.places.auditAnchor}`,
    PORTAL_URL: webUrl(setting),
    ...mailOf(setting),
  })
}

/** The portal and the coordinator write to people through the same mail server. */
function mailOf({ mail }: Setting): Record<string, string> {
  return mail === null ? {} : { SMTP_URL: mail.url, ...(mail.from === null ? {} : { MAIL_FROM: mail.from }) }
}

export type SiteSide = 'source' | 'target'

const labSocket = (setting: Setting, side: SiteSide) => join(setting.places.run, side, 'lab.sock')
const nbdFolder = (setting: Setting, side: SiteSide) => join(setting.places.run, side, 'nbd')

/** The folder that stands for a device to be shipped. */
const SEED_DEVICE = 'device-1'

/** The folders that the programs of `side` expect to be there. */
export function foldersOf(setting: Setting, side: SiteSide): string[] {
  const data = setting.places[side]
  return [join(data, 'lab'), join(data, 'agent'), join(data, 'replicas'), nbdFolder(setting, side), join(setting.places.seeds, SEED_DEVICE)]
}

/** An hour of a real VM's disk requests (CloudPhysics), where somebody put it beside the checkout: one demo VM replays it. */
const RECORDED_HOUR = join(ROOT, '..', 'shared', 'data', 'cloudphysics', 'vm-disk-first-hour.csv.gz')

/** A hypervisor of ours. `scenario` names the VMs that it creates at its first start; null leaves it empty. */
export function labProgram(setting: Setting, side: SiteSide, scenario: string | null): ProgramSpec {
  return ourProgram(setting, `lab-${side}`, 'lab', {
    LAB_DIR: join(setting.places[side], 'lab'),
    LAB_SOCKET: labSocket(setting, side),
    LAB_NBD_DIR: nbdFolder(setting, side),
    ...(scenario === null ? {} : { LAB_SCENARIO: scenario }),
    ...(scenario !== null && existsSync(RECORDED_HOUR) ? { LAB_TRACE_FILE: RECORDED_HOUR } : {}),
  })
}

/** Where an agent keeps what is its own. */
export const agentFolder = (setting: Setting, side: SiteSide): string => join(setting.places[side], 'agent')

/** `token` enrols the agent at its first start; null once it is enrolled. `hypervisor`: what it is told of its own; the lab's when left out. */
export function agentProgram(setting: Setting, side: SiteSide, token: string | null, hypervisor?: Record<string, string>): ProgramSpec {
  const target = { REPLICA_DIR: join(setting.places.target, 'replicas'), NBD_DIR: nbdFolder(setting, 'target'), STREAM_HOST: '127.0.0.1', STREAM_PORT: String(setting.ports.stream) }
  return ourProgram(setting, `agent-${side}`, 'agent', {
    AGENT_DATA_DIR: agentFolder(setting, side),
    AGENT_NAME: `${side}-agent-1`,
    GATEWAY_URL: gatewayUrl(setting),
    SEED_ROOT: setting.places.seeds,
    ...(hypervisor ?? { HYPERVISOR: 'lab', LAB_SOCKET: labSocket(setting, side) }),
    ...(side === 'target' ? target : { NBD_DIR: nbdFolder(setting, 'source') }),
    ...(setting.observationMinuteSeconds === undefined ? {} : { OBSERVATION_MINUTE_SECONDS: String(setting.observationMinuteSeconds) }),
    ...(token === null ? {} : { ENROLMENT_TOKEN: token }),
  }, AGENT_NODE_OPTIONS)
}

const gatewayUrl = (setting: Setting) => `https://127.0.0.1:${setting.ports.gateway}`
export const webUrl = (setting: Setting) => `http://localhost:${setting.ports.web}`

/** The portal from one of its builds; `build` is that build's folder, relative to the portal's own. */
export function webProgram(setting: Setting, build: string): ProgramSpec {
  return {
    name: 'web',
    command: process.execPath,
    args: [join(ROOT, 'apps', 'web', 'front', 'main.ts')],
    env: {
      ...setting.inherited,
      NODE_ENV: 'production',
      EXIT_WITH_PARENT: '1',
      HOST: '127.0.0.1',
      PORT: String(setting.ports.web),
      NEXT_TELEMETRY_DISABLED: '1',
      WEB_BUILD_DIR: build,
      LOG_LEVEL: setting.logLevel,
      DATABASE_URL: setting.urls.web,
      QUEUE_URL: setting.queueUrl,
      NEXTAUTH_URL: webUrl(setting),
      NEXTAUTH_SECRET: setting.secrets.nextAuth,
      SEALING_KEY: setting.secrets.sealing,
      ORDER_SIGNING_KEY: setting.secrets.orders.privateKey,
      ...mailOf(setting),
      // Shown beside a new enrolment token.
      GATEWAY_URL: gatewayUrl(setting),
    },
    isReady: saysReady,
    stopBy: 'SIGTERM',
    cwd: join(ROOT, 'apps', 'web'),
  }
}
