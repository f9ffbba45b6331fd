/** For the taps' tests: attaches one tap, begins an epoch, says READY, and waits to be killed. */
import { z } from 'zod'
import { TokenBucket } from '../../../block/token-bucket.ts'
import { BitmapsTap } from '../bitmaps-tap.ts'
import { InPathTap } from '../in-path-tap.ts'
import { MirrorTap } from '../mirror-tap.ts'
import { QmpLink } from '../qmp-link.ts'

const schema = z.object({
  kind: z.enum(['MIRROR', 'BITMAPS', 'IN_PATH']),
  epoch: z.string(),
  awayMs: z.number().optional(),
  qmpSocket: z.string(),
  disk: z.object({
    ref: z.string(), exportSocketPath: z.string(), key: z.string(), rawPath: z.string().nullable(), node: z.string(),
    device: z.string().nullable(), sizeBytes: z.number(), usedBytes: z.number(), socketPath: z.string(),
  }),
})
const { kind, epoch, awayMs, qmpSocket, disk } = schema.parse(JSON.parse(process.argv[2] ?? ''))
const { ref, exportSocketPath, ...rest } = disk
const live = { ...rest, vm: { ref, exportSocketPath, link: new QmpLink(qmpSocket) } }
const options = { throttle: new TokenBucket(), statePath: `${disk.socketPath}.state` }
const attach = { MIRROR: () => MirrorTap.attach(live, options), BITMAPS: () => BitmapsTap.attach(live, options), IN_PATH: () => InPathTap.attach(live, { ...options, ...(awayMs === undefined ? {} : { awayMs }) }) }
const tap = await attach[kind]()
await tap.listen({ mark() {}, lost() {} })
await tap.history.begin(epoch)
process.stdout.write('READY\n')
setInterval(() => {}, 60_000)
