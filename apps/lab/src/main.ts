/** The lab host: a small hypervisor of our own, for the demo and the tests. */
import { mkdir, readFile } from 'node:fs/promises'
import { pino } from 'pino'
import { env } from './env.ts'
import { serveControl } from './host/control-server.ts'
import { openLabHost } from './host/lab-host.ts'
import { scenario } from './scenario.ts'

const log = pino({ name: 'lab', level: env.LOG_LEVEL })

for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(fault, (error) => {
    log.fatal({ err: error }, fault)
    process.exit(1)
  })
}

await mkdir(env.LAB_NBD_DIR, { recursive: true })
const host = await openLabHost({
  folder: env.LAB_DIR,
  nbdFolder: env.LAB_NBD_DIR,
  traceFile: env.LAB_TRACE_FILE ?? null,
  scenario: env.LAB_SCENARIO ? scenario.parse(JSON.parse(await readFile(env.LAB_SCENARIO, 'utf8'))) : null,
})
const control = await serveControl(env.LAB_SOCKET, host, (error) => log.error({ err: error }, 'a call failed'))
log.info({ socket: env.LAB_SOCKET }, 'ready')

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await control.close()
  await host.close()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
if (env.EXIT_WITH_PARENT) process.stdin.on('end', () => void stop()).resume()
