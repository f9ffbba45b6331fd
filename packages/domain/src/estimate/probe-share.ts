/** The part of the time in which short probes may fill a site's line while VMs are observed there, where nobody has agreed on another. */
export const DEFAULT_PROBE_SHARE = 0.0025
/** No more can be agreed: probes are to learn what the line gives, not to take it. */
export const MOST_PROBE_SHARE = 0.01

/** Whether probes can be agreed on with this share of the time; 0: there are none. */
export function isProbeShare(share: number): boolean {
  return share >= 0 && share <= MOST_PROBE_SHARE
}
