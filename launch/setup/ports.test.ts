import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { anyFreePorts } from './ports.ts'

it('gives nobody a port that somebody else was given, though neither uses it yet', async () => {
  const given = (await Promise.all(Array.from({ length: 100 }, anyFreePorts))).flatMap((ports) => Object.values(ports))
  expect(new Set(given).size).toBe(400)
})

it('gives ports that can be listened on', async () => {
  const { gateway } = await anyFreePorts()
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port: gateway, host: '127.0.0.1' }, resolve))
  await new Promise<unknown>((resolve) => server.close(resolve))
})
