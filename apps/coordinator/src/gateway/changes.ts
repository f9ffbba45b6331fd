/** Wakes the held calls of agents whose desired state may have changed; `changed` comes from PostgreSQL's notifications. */
export type Changes = {
  readonly changed: (agentId: string) => void
  readonly allChanged: () => void
  readonly watch: (agentId: string) => Watch
}

/** One held call's view: subscribe, derive, then wait; a change in between is not lost. */
export type Watch = { readonly next: (timeoutMs: number, signal: AbortSignal) => Promise<void>; readonly close: () => void }

export function createChanges(): Changes {
  const watchers = new Map<string, Set<() => void>>()
  return {
    changed: (agentId) => watchers.get(agentId)?.forEach((notify) => notify()),
    allChanged: () => watchers.forEach((set) => set.forEach((notify) => notify())),
    watch: (agentId) => {
      let pending = false
      let resume: (() => void) | null = null
      const notify = () => {
        pending = true
        resume?.()
      }
      const set = watchers.get(agentId) ?? new Set()
      set.add(notify)
      watchers.set(agentId, set)
      return {
        next: async (timeoutMs, signal) => {
          if (!pending && !signal.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, timeoutMs)
              const done = () => {
                clearTimeout(timer)
                signal.removeEventListener('abort', done)
                resolve()
              }
              signal.addEventListener('abort', done, { once: true })
              resume = done
            })
            resume = null
          }
          pending = false
        },
        close: () => {
          set.delete(notify)
          if (set.size === 0) watchers.delete(agentId)
        },
      }
    },
  }
}
