import { createHash } from 'node:crypto'
import { canonicalJson } from '@driftless/domain'

/** SHA-256, hex, of a value's canonical JSON. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * The SHA-256 of each part of a pack: what stands at its top, and of each VM each part again, by its path (`vms.0.attempts`).
 * Of any JSON: a tampered pack need not fit the schema.
 */
export function sectionsOf(pack: Readonly<Record<string, unknown>>): Record<string, string> {
  const { sections: _, vms, ...rest } = pack
  const top = Object.entries(rest).map(([name, value]): [string, string] => [name, hashOf(value)])
  if (!Array.isArray(vms)) return Object.fromEntries([...top, ['vms', hashOf(vms ?? null)]])
  const ofVms = vms.flatMap((vm: unknown, index) => (isObject(vm) ? Object.entries(vm).map(([name, value]): [string, string] => [`vms.${index}.${name}`, hashOf(value)]) : [[`vms.${index}`, hashOf(vm)] satisfies [string, string]]))
  return Object.fromEntries([...top, ...ofVms])
}

/** The parts that differ from the hashes that the pack itself carries of them, in the pack's order. */
export function changedSections(pack: Readonly<Record<string, unknown>>): string[] {
  const present = sectionsOf(pack)
  const carried = isObject(pack.sections) ? pack.sections : {}
  return [...new Set([...Object.keys(present), ...Object.keys(carried)])].filter((name) => present[name] !== carried[name])
}
