/**
 * A thin client for vSphere's own protocol (SOAP, "vim25"), which vCenter and ESXi speak. Thin: a method is called by
 * its name with plain objects, and what is known of their types is a generated table.
 *
 *   session.ts          one session: logs in once for everybody, stays alive, logs out    `call(ref, method, args)`
 *    ├ transport.ts     documents over TLS to the one server that was confirmed           (fingerprint.ts)
 *    └ soap.ts          requests, answers, faults
 *       ├ encode.ts     objects to elements: declared order, xsi:type                     (primitives.ts, xml.ts)
 *       ├ decode.ts     elements to objects: lists where lists are declared               (primitives.ts, xml.ts)
 *       └ metadata.ts   what is declared                     (generated/vim-types.ts, made by generate/main.ts)
 *
 *   retrieve.ts         properties of many objects, page by page   (filter.ts: which objects)
 *   watch.ts            the same, then every change                (updates.ts: the loop)
 *   task.ts             waits for what takes longer
 *   datastore-file.ts   files of a datastore, by ranges, within the session
 *   ask.ts, values.ts, errors.ts   what all of them speak
 *
 * Whatever a server sends, `VimError` is what comes out, `VimFault` where the server itself says no (damaged.test.ts).
 */
export type { VimCaller } from './ask.ts'
export { ask, localizedFault, reference } from './ask.ts'
export { parseDatastorePath } from './datastore-file.ts'
export type { DatastoreFile } from './datastore-file.ts'
export { VimError, VimFault, isFault, isGone, isNotAuthenticated, isNotFound } from './errors.ts'
export type { VimErrorCode } from './errors.ts'
export type { Selection } from './filter.ts'
export { normalFingerprint, readServerCertificate } from './fingerprint.ts'
export type { ServerCertificate } from './fingerprint.ts'
export { retrieve, retrieveOne } from './retrieve.ts'
export type { MissingProperty, ObjectProperties } from './retrieve.ts'
export { connectVim } from './session.ts'
export type { ServiceContent, Vim, VimOptions } from './session.ts'
export { waitForTask } from './task.ts'
export type { ObjectUpdate, UpdateBatch } from './updates.ts'
export type { Ref, VimArguments, VimInput, VimObject, VimValue } from './values.ts'
export { watch } from './watch.ts'
