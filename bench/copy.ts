/**
 * A full copy of a half-filled disk, from one process to another, in memory (tmpfs), beside the tools that people use.
 * Every copy is read back and compared by hash, outside the measured time. Ours hashes each piece on both ends, which
 * the others do not. The target has its memory before the copy begins: what a virtual machine's host takes to find fresh
 * pages (2 s for 2 GiB, seen here) is no tool's doing.
 */
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { runCommand } from '@driftless/launch/setup/command.ts'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import { openFileDevice } from '@driftless/nbd'
import { hashDevice } from '../apps/agent/src/block/content.ts'
import type { Credentials } from '../apps/agent/src/stream/identity.ts'
import { testAuthority } from '../apps/agent/src/testing/certificates.ts'
import { sourceMethods, targetMethods } from './copy/methods.ts'
import { bench } from './support/bench.ts'
import type { Bench } from './support/bench.ts'
import { startProgram, startTool } from './support/processes.ts'
import { alternate } from './support/report.ts'
import { findTools } from './support/tools.ts'

const MIB = 1024 * 1024
const SIZE_BYTES = 4096 * MIB
/** Runs of data and of holes, in turn. */
const RUN_BYTES = 16 * MIB
const MEMORY = '/dev/shm'
const ROUNDS = 5
const BOTH = 'with TLS, both ends authenticated'

await bench('copy', async (context) => {
  const tools = findTools('nbdkit', 'nbdcopy', 'qemu-img', 'qemu-nbd')
  await access(MEMORY).catch(() => Promise.reject(new Refusal(`This measurement needs ${MEMORY}, a file system in memory, which is not there.`)))
  const folder = await mkdtemp(join(MEMORY, 'dl-copy-'))
  context.defer(() => rm(folder, { recursive: true, force: true }))
  const source = join(folder, 'source.raw')
  const target = join(folder, 'target.raw')
  await makeHalfFilled(source)
  await makeHalfFilled(target)
  const wanted = await hashOfFile(source)
  const authority = await testAuthority()
  const names = ['127.0.0.1']

  /** Seconds of one copy into a target that is all zero, checked. */
  const timed = (copy: () => Promise<number>) => async () => {
    await zeroInPlace(target)
    const seconds = await copy()
    if ((await hashOfFile(target)) !== wanted) throw new Error('The copy differs from its source.')
    return seconds
  }

  const oursPlain = timed(await startOurs(context, null, { source, target }))
  const sourceSocket = join(folder, 's.sock')
  let sockets = 0
  /** A path of its own for each server: not every one removes its socket. */
  const nextSocket = () => join(folder, `${(sockets += 1)}.sock`)
  await serve(context, [tools.nbdkit, '-f', '-r', '-U', sourceSocket, 'file', source], sourceSocket)

  const nbdcopyTo = (listen: readonly string[], ready: string, uri: string) => timed(async () => {
    const server = await startTool(tools.nbdkit, ['-f', ...listen, 'file', target], ready)
    const seconds = await secondsOf(tools.nbdcopy, ['--destination-is-zero', '--flush', `nbd+unix:///?socket=${sourceSocket}`, uri])
    await server.stop()
    await rm(ready, { force: true })
    return seconds
  })
  if (context.wants('nbdcopy over TCP')) {
    const port = await freePort()
    const ready = nextSocket()
    context.report.addRounds({
      row: 'nbdcopy over TCP', unit: 's', better: 'LESS', goal: 1, against: 'from an nbdkit file server beside it to one over TCP; ours, agent to agent, over TCP too',
      rounds: await alternate(context.rounds ?? ROUNDS, oursPlain, nbdcopyTo(['-p', String(port), '-i', '127.0.0.1', '-P', ready], ready, `nbd://127.0.0.1:${port}`)),
    })
  }
  if (context.wants('nbdcopy')) {
    const socket = nextSocket()
    context.report.addRounds({
      row: 'nbdcopy', unit: 's', better: 'LESS', goal: 1, against: 'between two nbdkit file servers, both on unix sockets; ours over TCP',
      rounds: await alternate(context.rounds ?? ROUNDS, oursPlain, nbdcopyTo(['-U', socket], socket, `nbd+unix:///?socket=${socket}`)),
    })
  }
  if (context.wants('qemu-img convert')) {
    const qemuImg = timed(async () => {
      const plainSocket = nextSocket()
      const server = await startTool(tools['qemu-nbd'], ['-f', 'raw', '--discard=unmap', '-k', plainSocket, target], plainSocket)
      const seconds = await secondsOf(tools['qemu-img'], ['convert', '-n', '-W', '-m', '16', '--target-is-zero', '-f', 'raw', '-O', 'raw', source, `nbd+unix:///?socket=${plainSocket}`])
      await server.stop()
      return seconds
    })
    context.report.addRounds({
      row: 'qemu-img convert', unit: 's', better: 'LESS', goal: 1, against: 'qemu-img convert from the file itself to a qemu-nbd server on a unix socket',
      rounds: await alternate(context.rounds ?? ROUNDS, oursPlain, qemuImg),
    })
  }
  const oneHop = 'nbdcopy with TLS on one hop'
  const bothHops = 'nbdcopy with TLS on both hops'
  if (context.wants(oneHop) || context.wants(bothHops)) {
    const oursTls = timed(await startOurs(context, { source: await authority.issue('source-1'), target: await authority.issue('target-1', names) }, { source, target }))
    const serverFolder = await writeCertificates(folder, 'server', await authority.issue('127.0.0.1', names))
    const clientFolder = await writeCertificates(folder, 'client', await authority.issue('client'))
    const tlsServer = ['--tls=require', '--tls-verify-peer', `--tls-certificates=${serverFolder}`]
    const overTls = (socket: string) => `nbds+unix://127.0.0.1/?socket=${socket}&tls-certificates=${clientFolder}`
    const sourceTlsSocket = join(folder, 's-tls.sock')
    await serve(context, [tools.nbdkit, '-f', '-r', '-U', sourceTlsSocket, ...tlsServer, 'file', source], sourceTlsSocket)
    const nbdcopy = (from: string) => timed(async () => {
      const tlsSocket = nextSocket()
      const server = await startTool(tools.nbdkit, ['-f', '-U', tlsSocket, ...tlsServer, 'file', target], tlsSocket)
      const seconds = await secondsOf(tools.nbdcopy, ['--destination-is-zero', '--flush', from, overTls(tlsSocket)])
      await server.stop()
      return seconds
    })
    if (context.wants(oneHop)) {
      context.report.addRounds({
        row: oneHop, unit: 's', better: 'LESS', goal: 3, against: `both ${BOTH}; nbdcopy runs beside its source: from an nbdkit file server without TLS to one with`,
        rounds: await alternate(context.rounds ?? ROUNDS, oursTls, nbdcopy(`nbd+unix:///?socket=${sourceSocket}`)),
      })
    }
    if (context.wants(bothHops)) {
      context.report.addRounds({
        row: bothHops, unit: 's', better: 'LESS', goal: 3, against: `both ${BOTH}; nbdcopy between two nbdkit file servers with TLS, so its data is encrypted twice; ours, agent to agent, once`,
        rounds: await alternate(context.rounds ?? ROUNDS, oursTls, nbdcopy(overTls(sourceTlsSocket))),
      })
    }
  }
})

async function startOurs(context: Bench, credentials: { source: Credentials; target: Credentials } | null, files: { source: string; target: string }): Promise<() => Promise<number>> {
  const receiver = startProgram(new URL('copy/target.ts', import.meta.url))
  context.defer(() => receiver.stop())
  const sender = startProgram(new URL('copy/source.ts', import.meta.url))
  context.defer(() => sender.stop())
  const { port } = await receiver.peer.call(targetMethods.open, { credentials: credentials?.target ?? null })
  const listening = credentials === null ? await sender.peer.call(sourceMethods.listen, null) : null
  return async () => {
    await receiver.peer.call(targetMethods.receive, { path: files.target })
    const copying = sender.peer.call(sourceMethods.copy, { path: files.source, port, credentials: credentials?.source ?? null, targetAgentId: 'target-1' })
    if (listening !== null) await receiver.peer.call(targetMethods.dial, listening)
    return (await copying).seconds
  }
}

async function serve(context: Bench, [command = '', ...args]: string[], socketPath: string): Promise<void> {
  const server = await startTool(command, args, socketPath)
  context.defer(() => server.stop())
}

async function secondsOf(command: string, args: string[]): Promise<number> {
  const startMs = performance.now()
  const { code, output } = await runCommand(command, args)
  if (code !== 0) throw new Error(`${command} failed: ${output.trim()}`)
  return (performance.now() - startMs) / 1000
}

async function makeHalfFilled(path: string): Promise<void> {
  const file = await open(path, 'w')
  await file.truncate(SIZE_BYTES)
  const data = Buffer.allocUnsafe(MIB)
  for (let at = 0; at < SIZE_BYTES; at += MIB) {
    if (isFilled(at)) await file.write(randomFillSync(data), 0, MIB, at)
  }
  await file.close()
}

/** Zeroes where data was, and the memory kept. */
async function zeroInPlace(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const zeroes = Buffer.alloc(MIB)
  for (let at = 0; at < SIZE_BYTES; at += MIB) if (isFilled(at)) await file.write(zeroes, 0, MIB, at)
  await file.close()
}

function isFilled(at: number): boolean {
  return Math.floor(at / RUN_BYTES) % 2 === 0
}

/** Nobody else is likely to take it before it is used. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}

async function hashOfFile(path: string): Promise<string> {
  const device = await openFileDevice(path, { readOnly: true })
  try {
    return await hashDevice(device, new AbortController().signal)
  } finally {
    await device.close()
  }
}

/** As GnuTLS's users name them. */
async function writeCertificates(folder: string, kind: 'server' | 'client', { keyPem, certificatePem, caCertificatePem }: Credentials): Promise<string> {
  const path = join(folder, kind)
  await mkdir(path)
  await writeFile(join(path, `${kind}-key.pem`), keyPem)
  await writeFile(join(path, `${kind}-cert.pem`), certificatePem)
  await writeFile(join(path, 'ca-cert.pem'), caCertificatePem)
  return path
}
