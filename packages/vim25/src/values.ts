/** Points at a managed object, such as `VirtualMachine` `vm-42`. Unique within one vCenter only. */
export interface Ref {
  readonly type: string
  readonly value: string
}

/** A data object as it was received; `$type` is its own type, which may be more special than where it was found. */
export interface VimObject {
  readonly $type: string
  readonly [field: string]: VimValue | undefined
}

/** What a decoded document is made of: xsd:long is always a bigint, xsd:dateTime a Date, xsd:base64Binary a Buffer. */
export type VimValue = string | number | bigint | boolean | Date | Buffer | Ref | VimObject | readonly VimValue[]

/** What is sent. An object without `$type` is of the type that its place declares; undefined fields are left out. */
export type VimInput = string | number | bigint | boolean | Date | Buffer | Ref | readonly VimInput[] | { readonly [field: string]: VimInput | undefined }

export type VimArguments = Readonly<Record<string, VimInput | undefined>>

/** A reference as people read it. */
export const nameOf = (ref: Ref): string => (ref.type === ref.value ? ref.type : `${ref.type} ${ref.value}`)
