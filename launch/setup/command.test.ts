import { expect, it } from 'vitest'
import { findOnPath, runCommand } from './command.ts'

it('returns exit code and output', async () => {
  expect(await runCommand(process.execPath, ['-e', "console.log('out'); console.error('err'); process.exit(3)"])).toMatchObject({ code: 3, output: expect.stringMatching(/out\nerr\n|err\nout\n/) })
})

it('answers for a command that does not exist', async () => {
  expect(await runCommand('/no/such/command', [])).toEqual({ code: 1, output: '/no/such/command: spawn /no/such/command ENOENT' })
})

it('returns the same with a signal that never aborts', async () => {
  expect(await runCommand(process.execPath, ['-e', "console.log('out'); process.exit(3)"], { signal: new AbortController().signal })).toEqual({ code: 3, output: 'out\n' })
})

it('ends a command and what it started when the signal aborts', async () => {
  const aborter = new AbortController()
  // The grandchild holds the output open: the promise resolves only when it is gone too.
  const running = runCommand('/bin/sh', ['-c', 'sleep 600 & wait'], { signal: aborter.signal })
  aborter.abort()
  expect((await running).code).toBe(1)
})

it('finds the first of several names on a path, and nothing on an empty one', () => {
  expect(findOnPath(['no-such-thing', 'sh'], '/nowhere:/bin')).toBe('/bin/sh')
  expect(findOnPath(['sh'], undefined)).toBeNull()
})
