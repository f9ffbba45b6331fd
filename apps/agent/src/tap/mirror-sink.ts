import type { BlockDevice } from '@driftless/nbd'

/** The same in every life of the agent: the mirror of one that was killed reconnects to the next. */
export const SINK_EXPORT = 'sink'

/**
 * The target of a mirror that stores nothing: what is worth knowing of a write is known by the filters before it, and
 * its content is read from the disk. Reads see zeroes; no mirror reads here.
 */
export class Sink implements BlockDevice {
  readonly sizeBytes: number

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }

  read(_offset: number, into: Buffer): Promise<void> {
    into.fill(0)
    return Promise.resolve()
  }

  write(): Promise<void> {
    return Promise.resolve()
  }

  writeNow(): boolean {
    return true
  }

  writeZeroes(): Promise<void> {
    return Promise.resolve()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
