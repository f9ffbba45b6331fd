/**
 * The NBD protocol and what a disk is to us. A package of its own because two programs speak it: the agent serves
 * disks, the lab's guests use them.
 *
 *   block-device.ts          the interface everything in the data plane is written against
 *   file-device.ts           a raw file as a disk        (call-gate.ts: at once, or on another thread; file-holes.ts)
 *
 *   server.ts                a disk served on a unix socket or TCP: listens, counts, closes
 *    └ server-connection.ts  one client, from greeting to end
 *       ├ inlet.ts           what comes in               (receive-buffer.ts: where it lands; busy-poll.ts: awake for it)
 *       ├ server-handshake.ts  the haggling before, pure  (tls.ts, meta-context.ts)
 *       └ transmission.ts    requests and replies        (request-check.ts, write-in-parts.ts, replies.ts, buffer-pool.ts)
 *          └ outbox.ts       what goes out
 *
 *   client.ts                a served disk, used from afar: rides over broken connections
 *    ├ client-handshake.ts   the haggling before         (socket-reader.ts, tls.ts, meta-context.ts)
 *    ├ reply-decoder.ts      replies, as they arrive, to where they are wanted
 *    └ status-extents.ts     what a block status says
 *
 *   protocol.ts, errors.ts   the numbers and layouts, with their source
 *
 * A decoder throws `NbdProtocolError` and nothing else, whatever it is fed (decoders.test.ts).
 */
export type { BlockDevice, Extent } from './block-device.ts'
export { BlockError } from './errors.ts'
export type { BlockErrorCode } from './errors.ts'
export { allocatedBytes, openFileDevice } from './file-device.ts'
export type { FileDeviceOptions } from './file-device.ts'
export { connectNbd } from './client.ts'
export type { NbdAddress, NbdClient, NbdClientOptions } from './client.ts'
export type { StatusExtent } from './reply-decoder.ts'
export type { NbdTls } from './tls.ts'
export { serveNbd } from './server.ts'
export type { NbdServer, NbdServerOptions } from './server.ts'
export type { SessionEvent } from './server-connection.ts'
