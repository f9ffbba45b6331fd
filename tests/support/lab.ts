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
