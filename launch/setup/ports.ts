import { createServer } from 'node:net'
import { Refusal } from './failure.ts'

export type Ports = { web: number; gateway: number; postgres: number; stream: number }

/** Steps in which another base is looked for, and how often, before the person is left to choose. */
const BASE_STEP = 100
const BASE_TRIES = 20
const HIGHEST_PORT = 65_535

/** The four ports from `base` on. */
export const portsFrom = (base: number): Ports => ({ web: base, gateway: base + 1, postgres: base + 2, stream: base + 3 })

const PURPOSES: Record<keyof Ports, string> = { web: 'the portal', gateway: 'the agent gateway', postgres: 'PostgreSQL', stream: 'the replication stream' }

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Refuses when a needed port is taken: which, what for, and a base from which all are free. */
export async function requireFreePorts(ports: Ports, needed: readonly (keyof Ports)[]): Promise<void> {
  const taken: string[] = []
  for (const name of needed) if (!(await isFree(ports[name]))) taken.push(`Port ${ports[name]}, for ${PURPOSES[name]}, is taken by another program on this machine.`)
  if (taken.length === 0) return
  const base = await findFreeBase(ports.web + BASE_STEP)
  throw new Refusal(`${taken.join('\n')}\nStop that program, or start Driftless on four other ports in a row:\n  DRIFTLESS_PORT=${base} npm start`)
}

/** The first base from `first` on, in steps, whose four ports are free; `first` where none is found. */
export async function findFreeBase(first: number): Promise<number> {
  for (let attempt = 0; attempt < BASE_TRIES; attempt += 1) {
    const base = first + attempt * BASE_STEP
    if (base + 3 > HIGHEST_PORT) break
    if ((await Promise.all(Object.values(portsFrom(base)).map(isFree))).every(Boolean)) return base
  }
  return first
}

/** Below the ports that systems hand out by themselves, so that nobody is given one between its choice and its use. */
const TEST_PORTS = { first: 10_000, end: 20_000 }
const TEST_TRIES = 200

/**
 * Four free ports for tests. However many ask at a time, in whatever process, each gets its own: the port in front of them is
 * listened on as long as this process lives, and whoever finds it taken chooses others.
 */
export async function anyFreePorts(): Promise<Ports> {
  const groups = Math.floor((TEST_PORTS.end - TEST_PORTS.first) / 5)
  for (let attempt = 0; attempt < TEST_TRIES; attempt += 1) {
    const guard = TEST_PORTS.first + 5 * Math.floor(Math.random() * groups)
    const ports = portsFrom(guard + 1)
    if ((await isClaimed(guard)) && (await Promise.all(Object.values(ports).map(isFree))).every(Boolean)) return ports
  }
  throw new Error(`No four free ports in a row were found from ${TEST_PORTS.first} to ${TEST_PORTS.end - 1}.`)
}

/** Listens on the port from now on, if nobody does. */
function isClaimed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref()
      resolve(true)
    })
  })
}
