import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../setup/paths.ts'
import { readReport } from './vitest-part.ts'

const file = join(ROOT, 'packages', 'a', 'b.test.ts')
const passing = { fullName: 'adds', status: 'passed', failureMessages: [] }
const failing = { fullName: 'sums > of two', status: 'failed', failureMessages: ['AssertionError: expected 3 to be 4\n    at b.test.ts:7:3'] }
const counts = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 }
const report = (assertionResults: readonly unknown[], message = '') => JSON.stringify({ ...counts, testResults: [{ name: file, status: 'failed', message, assertionResults }] })

describe('what vitest reports', () => {
  it('is counted, and what failed is told with its file, its name and its message', () => {
    expect(readReport(report([passing, failing]))).toEqual({
      passed: 3,
      failed: 1,
      skipped: 3,
      failures: ['packages/a/b.test.ts > sums > of two\n  AssertionError: expected 3 to be 4\n      at b.test.ts:7:3'],
    })
  })

  it('counts a file that broke before its first test as a failure', () => {
    const read = readReport(report([], 'SyntaxError: Unexpected token'))
    expect(read.failed).toBe(2)
    expect(read.failures).toEqual(['packages/a/b.test.ts\n  SyntaxError: Unexpected token'])
  })

  it('names no more failures than are read', () => {
    const read = readReport(report(Array.from({ length: 50 }, () => failing)))
    expect(read.failures).toHaveLength(21)
    expect(read.failures.at(-1)).toBe('… and 30 more.')
  })

  it('is nothing without a report', () => {
    expect(readReport(null)).toEqual({ passed: 0, failed: 0, skipped: 0, failures: [] })
  })
})
