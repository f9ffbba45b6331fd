/**
 * The version both sides speak. One line a bump, dated, newest last:
 * - 1 (2026-11-23): enrol, desired state by long poll, reports with inventory, replicas and telemetry.
 * - 2 (2026-11-29): agents renew their certificates when the gateway says so, and enrol again as who they were.
 */
export const PROTOCOL_VERSION = 2

/** The oldest that is still understood: agents and gateways of the version before work with this one. */
export const OLDEST_PROTOCOL_VERSION = 1

/** From this one on an agent renews its certificate by itself. */
export const RENEWAL_SINCE_PROTOCOL = 2

/** From this one on an agent proves itself to its partner with a stream's own key. */
export const STREAM_KEYS_SINCE_PROTOCOL = 2

/** The gateway's calls: HTTPS POST, JSON both ways. All but `enrol` need the agent's certificate (mTLS). */
export const GATEWAY_PATHS = {
  enrol: '/v1/enrol',
  renew: '/v1/renew',
  desired: '/v1/desired',
  report: '/v1/report',
} as const

/** Longest JSON body either side accepts: 2,000 VMs with disks fit in about 2 MiB. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024

/** Longest the gateway holds a `desired` call open, so that proxies with a 60 s limit do not cut it. */
export const MAX_WAIT_SECONDS = 25
