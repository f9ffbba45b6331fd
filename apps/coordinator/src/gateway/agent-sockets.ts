import type { Socket } from 'node:net'

/** The connections of the gateway: since when each is open, and which agent's it is once that is known. */
export function createAgentSockets() {
  /** By the other end: the TLS socket of a call does not lead to the TCP socket it came on. */
  const openedAt = new Map<string, Date>()
  const ofAgents = new Map<string, Set<Socket>>()
  const otherEnd = (socket: Socket) => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`
  return {
    /** A connection as it is accepted, before anything was said on it. */
    opened: (socket: Socket): void => {
      const key = otherEnd(socket)
      openedAt.set(key, new Date())
      socket.once('close', () => openedAt.delete(key))
    },
    openedAt: (socket: Socket): Date => openedAt.get(otherEnd(socket)) ?? new Date(),
    /** The agent at its other end has shown who it is. */
    belongsTo: (agentId: string, socket: Socket): void => {
      const sockets = ofAgents.get(agentId) ?? new Set()
      if (sockets.has(socket)) return
      ofAgents.set(agentId, sockets.add(socket))
      socket.once('close', () => {
        sockets.delete(socket)
        if (sockets.size === 0 && ofAgents.get(agentId) === sockets) ofAgents.delete(agentId)
      })
    },
    agentIds: (): string[] => [...ofAgents.keys()],
    /** Ends every connection of an agent, and the calls that are held on them. */
    cut: (agentId: string): void => ofAgents.get(agentId)?.forEach((socket) => socket.destroy()),
  }
}
export type AgentSockets = ReturnType<typeof createAgentSockets>
