/** What an agent can work with, as its enrolment's command names it. */
export const HYPERVISORS = ['LAB', 'QEMU', 'VSPHERE'] as const
export type HypervisorKind = (typeof HYPERVISORS)[number]

const SETTINGS: Readonly<Record<HypervisorKind, string>> = {
  LAB: 'HYPERVISOR=lab LAB_SOCKET=/run/driftless/lab.sock',
  QEMU: 'HYPERVISOR=qemu QEMU_DIR=/var/lib/driftless/vms',
  VSPHERE: 'HYPERVISOR=vsphere',
}
const DATA_DIRECTORY = 'AGENT_DATA_DIR=/var/lib/driftless/agent'

/**
 * The command that starts an agent and enrols it: one line of environment each, so that it can be read and copied.
 * What differs from host to host (folders, the hypervisor's socket) is written as an example to adapt.
 */
export function enrolmentCommand({ token, gatewayUrl }: { token: string; gatewayUrl: string }, source: boolean, hypervisor: HypervisorKind): string {
  return inLines([
    `ENROLMENT_TOKEN=${token}`,
    `GATEWAY_URL=${gatewayUrl}`,
    `AGENT_NAME="$(hostname)"`,
    DATA_DIRECTORY,
    SETTINGS[hypervisor],
    ...(source ? [] : ['REPLICA_DIR=/var/lib/driftless/replicas NBD_DIR=/run/driftless/nbd', 'STREAM_HOST="$(hostname -f)" STREAM_PORT=4603']),
    // The runtime that the checkout brings along: agents need Node 24.
    'node_modules/.bin/node apps/agent/src/main.ts',
  ])
}

/** What has to be run before that, once: an agent of vSphere is told its vCenter, whose certificate and password are asked for. */
export function connectCommand(hypervisor: HypervisorKind): string | null {
  if (hypervisor !== 'VSPHERE') return null
  return inLines([DATA_DIRECTORY, 'npm run vsphere -- connect https://vcenter.example --user driftless@vsphere.local --agent-vm "$(hostname)"'])
}

const inLines = (lines: readonly string[]): string => lines.join(' \\\n  ')
