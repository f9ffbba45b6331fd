/** A part of a disk, from the end of the part before it. */
export interface Extent {
  /** In bytes, at least 1. */
  readonly length: number
  /** True: reads as zeroes, surely. False: may hold anything, zeroes too. */
  readonly zero: boolean
}

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
  /** Stores `data` at `offset`. Durable only after a later `flush()`. `data` is the caller's again once it has resolved. */
  write(offset: number, data: Buffer): Promise<void>
  /** Resolves once everything written before the call is durable. */
  flush(): Promise<void>
  /** Makes the range read as zeroes and, where it can, gives its space back. */
  writeZeroes(offset: number, length: number): Promise<void>
  /** What is known of holes and zeroes: extents that cover exactly the range, in order. Absent: nothing is known. */
  extents?(offset: number, length: number): Promise<Extent[]>
  /**
   * As `read`, at once, where that is likely to be quick. False: nothing was done, call `read`. Throws what `read`
   * rejects with. `alone`: nothing else waits, so that it may as well take as long as a quick disk does. Saves a
   * promise and a thread's turn a request, which at 4 KiB is most of the work.
   */
  readNow?(offset: number, into: Buffer, alone?: boolean): boolean
  /** As `write`, at once; see `readNow`. Whoever changes what `write` does changes this with it. */
  writeNow?(offset: number, data: Buffer, alone?: boolean): boolean
  /** Releases what the device holds. It is not used afterwards. */
  close(): Promise<void>
}
