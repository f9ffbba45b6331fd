import type { WaveInput, WaveVm } from './wave-input.ts'

/**
 * The same move as it was known at an earlier moment: of each VM the intervals that had ended by then, and of its working-set curve no span that
 * is longer than what had been seen. All else is as it is today, so that two moments differ by what was observed in between alone.
 */
export function seenUntil(input: WaveInput, atMs: number): WaveInput {
  return { ...input, vms: input.vms.map((vm) => vmUntil(vm, atMs)) }
}

function vmUntil({ workingSet, ...vm }: WaveVm, atMs: number): WaveVm {
  const ended = Math.floor((atMs - vm.firstIntervalAtMs) / (vm.intervalSeconds * 1000))
  const dirtiedBytes = vm.dirtiedBytes.slice(0, Math.max(0, ended))
  const known = (workingSet ?? []).filter(({ spanSeconds }) => spanSeconds <= dirtiedBytes.length * vm.intervalSeconds)
  return { ...vm, dirtiedBytes, ...(known.length > 0 ? { workingSet: known } : {}) }
}
