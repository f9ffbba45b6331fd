import { expect, it } from 'vitest'
import { HYPERVISORS, connectCommand, enrolmentCommand } from './enrolment-command.ts'

const made = { token: 'dl1.secret.fingerprint', gatewayUrl: 'https://gateway.test:4601' }

it('is one command over several lines, with everything that an agent at a source needs', () => {
  const lines = enrolmentCommand(made, true, 'LAB').split('\n')
  expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true)
  expect(lines[0]).toBe('ENROLMENT_TOKEN=dl1.secret.fingerprint \\')
  expect(lines.at(-1)?.trim()).toBe('node_modules/.bin/node apps/agent/src/main.ts')
  for (const name of ['GATEWAY_URL=https://gateway.test:4601', 'AGENT_NAME=', 'AGENT_DATA_DIR=', 'LAB_SOCKET=']) expect(lines.join()).toContain(name)
  expect(lines.join()).not.toContain('STREAM_HOST')
})

it('tells a target where replicas go and where it is reached', () => {
  const command = enrolmentCommand(made, false, 'LAB')
  for (const name of ['REPLICA_DIR=', 'NBD_DIR=', 'STREAM_HOST=', 'STREAM_PORT=']) expect(command).toContain(name)
})

it.each(HYPERVISORS)('names the hypervisor, %s, and only that', (hypervisor) => {
  const command = enrolmentCommand(made, true, hypervisor)
  expect(command).toContain(`HYPERVISOR=${hypervisor.toLowerCase()}`)
  expect([command.includes('LAB_SOCKET='), command.includes('QEMU_DIR=')]).toEqual([hypervisor === 'LAB', hypervisor === 'QEMU'])
})

it('has a vCenter connected first, with the same folder', () => {
  expect(HYPERVISORS.filter((hypervisor) => connectCommand(hypervisor) !== null)).toEqual(['VSPHERE'])
  const folder = /AGENT_DATA_DIR=\S+/
  expect(folder.exec(connectCommand('VSPHERE') ?? '')?.[0]).toBe(folder.exec(enrolmentCommand(made, true, 'VSPHERE'))?.[0])
})
