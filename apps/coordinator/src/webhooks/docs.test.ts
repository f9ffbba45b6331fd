import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { WEBHOOK_EVENT_TYPES, WEBHOOK_RETRY_DELAYS_MS } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedHeaders } from './sign.ts'

const PAGE = join(import.meta.dirname, '../../../../docs/webhooks.md')
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const OTHER = `whsec_${Buffer.alloc(32, 4).toString('base64')}`
const BODY = JSON.stringify({ type: 'wave.started', timestamp: new Date().toISOString(), data: { subject: { kind: 'wave', id: 'w', name: 'Warehouse' } } })

describe('docs/webhooks.md', () => {
  let page: string
  beforeAll(async () => { page = await readFile(PAGE, 'utf8') })

  it('lists every event, in order, and none that there is not', () => expect([...page.matchAll(/^\| `([a-z.-]+)` \|/gm)].map((match) => match[1])).toEqual(WEBHOOK_EVENT_TYPES))

  it('has the schedule as it is', () => {
    const units = { seconds: 1_000, minutes: 60_000, hours: 3_600_000 }
    const sentence = /tried again after (.*), each a tenth/.exec(page)?.[1] ?? ''
    const delays = [...sentence.matchAll(/(\d+) (seconds|minutes|hours)/g)].map(([, count, unit]) => Number(count) * (unit === 'hours' ? units.hours : unit === 'minutes' ? units.minutes : units.seconds))
    expect(delays).toEqual(WEBHOOK_RETRY_DELAYS_MS)
  })

  describe('its receiver', () => {
    let folder: string
    let url: string
    let child: ReturnType<typeof spawn>
    let printed = ''
    beforeAll(async () => {
      const sample = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
      // Beside this file, where its import finds the library as it would after `npm install`.
      folder = await mkdtemp(join(import.meta.dirname, '.receiver-'))
      await writeFile(join(folder, 'receiver.mjs'), sample)
      const port = await freePort()
      url = `http://127.0.0.1:${port}/`
      child = spawn(process.execPath, [join(folder, 'receiver.mjs')], { env: { WEBHOOK_SECRET: SECRET, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout?.on('data', (piece) => { printed += String(piece) })
      const until = performance.now() + 15_000
      while (!(await fetch(url).then(() => true, () => false))) {
        if (performance.now() > until) throw new Error('The receiver of the page did not start within 15 s.')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })
    afterAll(async () => {
      child.kill()
      await rm(folder, { recursive: true })
    })
    const post = async (body: string, headers: Record<string, string>) => (await fetch(url, { method: 'POST', body, headers })).status

    it('takes what we sign, also beside another signature', async () => {
      expect(await post(BODY, signedHeaders('msg_1', BODY, [SECRET], new Date()))).toBe(204)
      expect(await post(BODY, signedHeaders('msg_2', BODY, [OTHER, SECRET], new Date()))).toBe(204)
      await expect.poll(() => printed).toBe('msg_1 wave.started Warehouse\nmsg_2 wave.started Warehouse\n')
    })

    it.each([
      ['another body', () => post(BODY.replace('Warehouse', 'Elsewhere'), signedHeaders('msg_1', BODY, [SECRET], new Date()))],
      ['another id', () => post(BODY, { ...signedHeaders('msg_1', BODY, [SECRET], new Date()), 'webhook-id': 'msg_3' })],
      ['another secret', () => post(BODY, signedHeaders('msg_1', BODY, [OTHER], new Date()))],
      ['an old message', () => post(BODY, signedHeaders('msg_1', BODY, [SECRET], new Date(Date.now() - 6 * 60_000)))],
      ['no signature', () => post(BODY, {})],
    ])('refuses %s', async (_, send) => expect(await send()).toBe(400))
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  await new Promise((resolve) => { server.close(resolve) })
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
