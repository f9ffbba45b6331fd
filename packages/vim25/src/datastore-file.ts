import { VimError } from './errors.ts'

/** A file that a vCenter or ESXi host serves at `/folder`. */
export interface DatastoreFile {
  /** Inventory path of the datacenter, such as `DC0`; on an ESXi host `ha-datacenter`. */
  readonly datacenter: string
  readonly datastore: string
  /** Within the datastore, such as `web-1/web-1-flat.vmdk`. */
  readonly path: string
}

/** Splits `[datastore] folder/file`, as backings have it; null for what is no such path. Source: vSphere API, "Datastore paths". */
export function parseDatastorePath(text: string): { datastore: string; path: string } | null {
  const found = /^\[([^\]]+)\] ?(.*)$/s.exec(text)
  return found?.[1] === undefined || found[2] === undefined ? null : { datastore: found[1], path: found[2] }
}

/** Where a file is asked for. */
export function pathOf({ datacenter, datastore, path }: DatastoreFile): string {
  return `/folder/${path.split('/').map(encodeURIComponent).join('/')}?dcPath=${encodeURIComponent(datacenter)}&dsName=${encodeURIComponent(datastore)}`
}

/** What a status other than the one hoped for means. */
export function fileError({ datastore, path }: DatastoreFile, status: number, origin: string): VimError {
  const file = `[${datastore}] ${path}`
  if (status === 404) return new VimError('GONE', `${origin} has no file ${file}, or this account may not see it (privilege Datastore.Browse).`)
  if (status === 401 || status === 403) return new VimError('FAULT', `${origin} refuses to hand out ${file}. The account needs the privilege Datastore.FileManagement on its datastore.`)
  if (status === 200) return new VimError('PROTOCOL', `${origin} sends all of ${file} instead of the part that was asked for. A proxy may stand in between.`)
  return new VimError('UNREACHABLE', `${origin} answers with HTTP ${status} for ${file}: another host may hold its lock, or the service is not up.`)
}
