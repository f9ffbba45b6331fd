import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Refusal, codeOf, messageOf } from '@driftless/launch/setup/failure.ts'

const MIB = 1024 * 1024
/** An hour's trace unpacks to a few MiB; more is not one. */
const MAX_TRACE_BYTES = 512 * MIB
/** Stretches of the disk of this length that nobody touches are left out: they would only make the file long. */
const FOLD_BYTES = MIB
/** Longer than any request of a disk's driver. */
const MAX_REQUEST_BYTES = 32 * MIB
const HEADER = 'second,op,offset_bytes,length_bytes'

export interface TraceRequest {
  /** Since the trace began. */
  readonly second: number
  readonly write: boolean
  readonly offset: number
  readonly length: number
}

export interface Trace {
  readonly requests: readonly TraceRequest[]
  /** Of the disk that it is replayed on. */
  readonly sizeBytes: number
  readonly seconds: number
  readonly writtenBytes: number
}

/** Reads a recorded trace (gzip, a CSV of `second,op,offset_bytes,length_bytes`). Throws a `Refusal` that says what is wrong with the file. */
export async function readTrace(path: string): Promise<Trace> {
  const packed = await readFile(path).catch((error: unknown) => {
    throw new Refusal(codeOf(error) === 'ENOENT' ? `There is no trace at ${path}. Give another with: npm run bench replay -- --trace FILE` : messageOf(error))
  })
  const text = await promisify(gunzip)(packed, { maxOutputLength: MAX_TRACE_BYTES }).catch((error: unknown) => {
    throw new Refusal(`${path} cannot be unpacked: ${messageOf(error)}.`)
  })
  const [header, ...lines] = text.toString('latin1').split('\n')
  if (header?.trim() !== HEADER) throw new Refusal(`${path} does not begin with the line "${HEADER}".`)
  const requests = lines.filter((line) => line !== '').map((line, index) => parseLine(line, path, index + 2))
  return fold(requests)
}

function parseLine(line: string, path: string, number: number): TraceRequest {
  const [second, op, offset, length] = line.split(',')
  const request = { second: Number(second), write: op === 'W', offset: Number(offset), length: Number(length) }
  const { second: at, offset: from, length: bytes } = request
  if (!(at >= 0) || !(op === 'W' || op === 'R') || !Number.isSafeInteger(from) || from < 0 || !(bytes > 0 && bytes <= MAX_REQUEST_BYTES)) {
    throw new Refusal(`Line ${number} of ${path} is no request: "${line.slice(0, 80)}".`)
  }
  return request
}

/** Leaves out what is never touched, keeping the order of what is: the same requests on a shorter disk. */
function fold(requests: readonly TraceRequest[]): Trace {
  const touched = new Set<number>()
  for (const { offset, length } of requests) for (let at = Math.floor(offset / FOLD_BYTES); at <= Math.floor((offset + length - 1) / FOLD_BYTES); at += 1) touched.add(at)
  const places = new Map([...touched].toSorted((a, b) => a - b).map((stretch, index) => [stretch, index]))
  const folded = requests.map((request) => {
    const stretch = Math.floor(request.offset / FOLD_BYTES)
    return { ...request, offset: (places.get(stretch) ?? 0) * FOLD_BYTES + (request.offset - stretch * FOLD_BYTES) }
  })
  return {
    requests: folded,
    sizeBytes: places.size * FOLD_BYTES,
    seconds: requests.reduce((latest, { second }) => Math.max(latest, second), 0) + 1,
    writtenBytes: requests.reduce((sum, { write, length }) => sum + (write ? length : 0), 0),
  }
}
