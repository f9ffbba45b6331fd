import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readServerCertificate } from '@driftless/vim25'
import { programEnv } from '../../../../../../tests/support/env.ts'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../../../../tests/support/vcsim.ts'
import { readConnection } from '../connection/connection-file.ts'
import { keyFileIn } from '../connection/connection-key.ts'
import { parseCommand } from './arguments.ts'
import { connect } from './connect.ts'
import { forget } from './forget.ts'
import { status } from './status.ts'
import { fakeTerminal } from './testing/fake-terminal.ts'

const { username, password } = VCSIM_LOGIN
const MAIN = join(import.meta.dirname, '..', '..', '..', 'vsphere-main.ts')

describe.skipIf(withoutVcsim)('an agent and a simulated vCenter', () => {
  let vcsim: RunningVcsim
  let data = ''
  const fingerprint = async () => (await readServerCertificate(vcsim.address)).fingerprint
  const places = () => ({ data, keyFile: keyFileIn(data) })
  const run = async (terminal: ReturnType<typeof fakeTerminal>, ...args: string[]) => {
    const command = parseCommand(['connect', vcsim.address, ...args])
    if (command.name === 'connect') await connect(terminal, places(), '1.2.3', command.connect)
    return terminal.text()
  }
  beforeAll(async () => {
    vcsim = await startVcsim({ vms: 2, scenario: { agentVm: 'driftless-agent', vms: [] } })
  }, VCSIM_TIMEOUT_MS)
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'driftless-connect-'))
  })
  afterEach(() => rm(data, { recursive: true, force: true }))
  afterAll(() => vcsim.stop())

  test('are connected by a person who compares the fingerprint and types the password', async () => {
    const said = await run(fakeTerminal(['yes', password]), '--user', username, '--agent-vm', 'driftless-agent', '--storage', 'fast=LocalDS_0', '--network', 'lan=VM Network')
    expect(said).toContain(await fingerprint())
    expect(said).toMatch(/✓ logged in: VMware vCenter Server[^]*3 VMs that this account can see, in the datacenter DC0[^]*✓ stored in/)
    expect(said).not.toContain(password)
    expect(await readConnection(data)).toMatchObject({ address: vcsim.address, fingerprint: await fingerprint(), username, password, agentVm: 'driftless-agent', storages: { fast: 'LocalDS_0' }, networks: { lan: 'VM Network' }, read: 'auto' })
  })

  test('are connected again without a word on the certificate, and what is left out stays', async () => {
    await run(fakeTerminal(['yes', password]), '--user', username, '--agent-vm', 'driftless-agent')
    const said = await run(fakeTerminal([password]), '--datacenter', 'DC0')
    expect(said).toContain('✓ that is the certificate which was confirmed before')
    expect(await readConnection(data)).toMatchObject({ username, agentVm: 'driftless-agent', datacenter: 'DC0' })
  })

  test('are connected by a script that knows the fingerprint', async () => {
    await run(fakeTerminal(null, `${password}\n`), '--user', username, '--password-stdin', '--fingerprint', (await fingerprint()).toLowerCase().replaceAll(':', ''))
    expect(await readConnection(data)).toMatchObject({ password })
  })

  test.each<[string, readonly string[] | null, readonly string[], string]>([
    ['who does not confirm', ['no'], ['--user', username], 'The certificate was not confirmed. Nothing was sent'],
    ['whose password is wrong', ['yes', 'wrong'], ['--user', username], `refuses the name or the password of ${username}`],
    ['who is a script without a fingerprint', null, ['--user', username, '--password-stdin'], 'then give it with --fingerprint'],
    ['who knows another fingerprint', null, ['--user', username, '--password-stdin', '--fingerprint', 'AB'.repeat(32)], 'Nothing was sent to this server'],
    ['who writes a fingerprint that is none', ['yes'], ['--user', username, '--fingerprint', 'AB'], '64 hexadecimal digits'],
    ['who does not say as whom', ['yes'], [], 'needs --user'],
    ['who names a VM that there is not', ['yes', password], ['--user', username, '--agent-vm', 'nope'], 'There is no VM "nope" (--agent-vm). There are: "DC0_C0_RP0_VM0"'],
    ['who names a datastore and a network that there are not', ['yes', password], ['--user', username, '--storage', 'a=b', '--network', 'c=d'], 'There is no datastore "b" (--storage a=b). There are: "LocalDS_0".\n  There is no network "d"'],
    ['who wants hot-add without a VM', ['yes', password], ['--user', username, '--read', 'hot-add'], 'name it with --agent-vm'],
    ['who names a portal without a person', ['yes', password], ['--user', username, '--portal', 'https://portal.example'], '--portal needs --admin-email'],
  ])('are not connected by somebody %s, and nothing is stored', async (_, answers, args, message) => {
    await expect(run(fakeTerminal(answers, password), ...args)).rejects.toThrow(message)
    expect(await readdir(data)).toEqual([])
  })

  test('the certificate changed: both are shown, and the new one has to be confirmed', async () => {
    await run(fakeTerminal(['yes', password]), '--user', username)
    const before = await fingerprint()
    await vcsim.control({ do: 'rotateCertificate' })
    await expect(status(fakeTerminal([]), places(), [])).rejects.toMatchObject({ code: 'WRONG_CERTIFICATE' })
    const terminal = fakeTerminal(['yes', password])
    await run(terminal)
    expect(terminal.text()).toMatch(/! It is another one than was confirmed before\./)
    expect(terminal.text()).toContain(`Before    ${before}\n  Now       ${await fingerprint()}`)
    expect((await readConnection(data)).fingerprint).toBe(await fingerprint())
  })

  test('status says what is so; forget leaves nothing', async () => {
    await run(fakeTerminal(['yes', password]), '--user', username)
    const terminal = fakeTerminal([])
    await status(terminal, places(), [])
    expect(terminal.text()).toMatch(/as administrator@vsphere\.local\n✓ logged in: VMware vCenter[^]*✓ the certificate is the confirmed one, valid until 20/)
    await expect(forget(fakeTerminal(['no']), places(), false)).rejects.toThrow('Nothing was changed')
    await expect(forget(fakeTerminal(null), places(), false)).rejects.toThrow('--yes says that you are sure')
    await forget(fakeTerminal(['yes']), places(), false)
    expect(await readdir(data)).toEqual([])
  })

  /** The program itself. */
  async function program(args: readonly string[], input = ''): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [MAIN, ...args, '--data', data], { env: programEnv(), stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => undefined).end(input)
    const code = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { code: await code, out, err }
  }

  test('the program ends as it should, in words, without a stack and without the password', async () => {
    const connected = await program(['connect', vcsim.address, '--user', username, '--password-stdin', '--fingerprint', await fingerprint()], `${password}\n`)
    expect(connected).toMatchObject({ code: 0, err: '' })
    expect(await program(['forget', '--yes'])).toMatchObject({ code: 0, err: '' })
    const refused = await program(['status'])
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^✗ This agent is not connected to a vCenter yet/) })
    const misused = await program(['status', 'now'])
    expect(misused).toMatchObject({ code: 2, err: '✗ "status" does not take "now".\n  npm run vsphere -- help   says how it is used.\n' })
    const wrong = await program(['connect', vcsim.address, '--user', username, '--password-stdin', '--fingerprint', await fingerprint()], 'a-wrong-one\n')
    expect(wrong.code).toBe(1)
    for (const { out, err } of [connected, refused, misused, wrong]) {
      expect(out + err).not.toContain(password)
      expect(out + err).not.toContain('a-wrong-one')
      expect(out + err).not.toMatch(/\n\s+at /)
    }
  })
})
