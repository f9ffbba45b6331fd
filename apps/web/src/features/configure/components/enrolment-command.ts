/**
 * The command that starts an agent and enrols it: one line of environment each, so that it can be read and copied.
 * What differs from host to host (folders, the hypervisor's socket) is written as an example to adapt.
 */
export function enrolmentCommand({ token, gatewayUrl }: { token: string; gatewayUrl: string }, source: boolean): string {
  const lines = [
    `ENROLMENT_TOKEN=${token}`,
    `GATEWAY_URL=${gatewayUrl}`,
    `AGENT_NAME="$(hostname)"`,
    'AGENT_DATA_DIR=/var/lib/driftless/agent',
    'HYPERVISOR=lab LAB_SOCKET=/run/driftless/lab.sock',
    ...(source ? [] : ['REPLICA_DIR=/var/lib/driftless/replicas NBD_DIR=/run/driftless/nbd', 'STREAM_HOST="$(hostname -f)" STREAM_PORT=4603']),
    // The runtime that the checkout brings along: agents need Node 24.
    'node_modules/.bin/node apps/agent/src/main.ts',
  ]
  return lines.join(' \\\n  ')
}
