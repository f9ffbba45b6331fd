/**
 * A disk, seen as bytes at offsets. Everything in the data plane that reads or writes a
 * disk does it through this interface: files, NBD clients, and the filters that wrap them.
 *
 * All offsets and lengths are in bytes and lie inside `sizeBytes`; the caller checks that.
 * Every method rejects with an `Error` whose `code` is a POSIX name (`EIO`, `ENOSPC`, …).
 */
export interface BlockDevice {
  /** Size in bytes; fixed for the life of the device. */
  readonly sizeBytes: number
  /** Fills `into` with the bytes at `offset`. */
  read(offset: number, into: Buffer): Promise<void>
  /** Stores `data` at `offset`. Durable only after a later `flush()`. */
  write(offset: number, data: Buffer): Promise<void>
  /** Resolves once everything written before the call is durable. */
  flush(): Promise<void>
  /** Makes the range read as zeroes and, where it can, gives its space back. */
  writeZeroes(offset: number, length: number): Promise<void>
  /** Releases what the device holds. It is not used afterwards. */
  close(): Promise<void>
}
