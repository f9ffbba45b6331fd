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

/** Four free ports chosen by the system, for tests. Another program may take one before it is used; that is then said at start. */
export async function anyFreePorts(): Promise<Ports> {
  const servers = await Promise.all(
    [0, 1, 2, 3].map(() => new Promise<{ port: number; close(): void }>((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ port: 0, host: '127.0.0.1' }, () => {
        const address = server.address()
        if (address === null || typeof address === 'string') reject(new Error('The system gave no port.'))
        else resolve({ port: address.port, close: () => server.close() })
      })
    })),
  )
  for (const server of servers) server.close()
  const [web = 0, gateway = 0, postgres = 0, stream = 0] = servers.map((server) => server.port)
  return { web, gateway, postgres, stream }
}
