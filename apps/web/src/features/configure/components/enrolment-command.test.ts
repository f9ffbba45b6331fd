import { expect, it } from 'vitest'
import { enrolmentCommand } from './enrolment-command.ts'

const made = { token: 'dl1.secret.fingerprint', gatewayUrl: 'https://gateway.test:4601' }

it('is one command over several lines, with everything that an agent at a source needs', () => {
  const lines = enrolmentCommand(made, true).split('\n')
  expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true)
  expect(lines[0]).toBe('ENROLMENT_TOKEN=dl1.secret.fingerprint \\')
  expect(lines.at(-1)?.trim()).toBe('node_modules/.bin/node apps/agent/src/main.ts')
  for (const name of ['GATEWAY_URL=https://gateway.test:4601', 'AGENT_NAME=', 'AGENT_DATA_DIR=', 'LAB_SOCKET=']) expect(lines.join()).toContain(name)
  expect(lines.join()).not.toContain('STREAM_HOST')
})

it('tells a target where replicas go and where it is reached', () => {
  const command = enrolmentCommand(made, false)
  for (const name of ['REPLICA_DIR=', 'NBD_DIR=', 'STREAM_HOST=', 'STREAM_PORT=']) expect(command).toContain(name)
})
