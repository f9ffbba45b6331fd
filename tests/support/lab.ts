import { request } from 'node:http'
import { join } from 'node:path'
import { labCalls } from '@driftless/lab-api'
import type { LabVm } from '@driftless/lab-api'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { z } from 'zod'

/** What a lab host itself says of its VMs, past agents and portal. */
export async function labVms(driftless: RunningDriftless, side: 'source' | 'target'): Promise<LabVm[]> {
  const text = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath: join(driftless.places.run, side, 'lab.sock'), path: '/list-vms', method: 'POST' }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece)).on('end', () => resolve(body)).on('error', reject)
    })
    call.on('error', reject).end('{}')
  })
  return z.object({ ok: z.literal(true), value: labCalls['list-vms'].output }).parse(JSON.parse(text)).value.vms
}

/** Asks a guest of the lab to shut down, as a person at its console would. */
export async function shutDownLabVm(driftless: RunningDriftless, side: 'source' | 'target', ref: string): Promise<void> {
  const body = JSON.stringify({ ref })
  await new Promise<void>((resolve, reject) => {
    const call = request({ socketPath: join(driftless.places.run, side, 'lab.sock'), path: '/shutdown', method: 'POST' }, (response) => {
      response.resume().on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`The lab host answered ${response.statusCode}.`)))).on('error', reject)
    })
    call.on('error', reject).end(body)
  })
}
