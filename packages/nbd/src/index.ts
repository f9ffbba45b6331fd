/**
 * The NBD protocol and what a disk is to us. A package of its own because two programs speak it: the agent serves
 * disks, the lab's guests use them.
 *
 *   block-device.ts   the interface everything in the data plane is written against
 *   file-device.ts    a raw file as a disk
 *   server.ts         a disk served on a unix socket     (server-handshake.ts: the haggling before)
 *   client.ts         a served disk, used from afar      (client-handshake.ts; rides over broken connections)
 *   protocol.ts       the numbers and layouts, with their source
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
