/** A state machine as data: for each state, the states it may go to. A state without any is terminal. */
export type TransitionTable<S extends string> = Readonly<Record<S, readonly S[]>>

/** Whether `table` lets `from` become `to`. */
export function canTransition<S extends string>(table: TransitionTable<S>, from: S, to: S): boolean {
  return table[from].includes(to)
}

/** The states from which nothing leads on. */
export function terminalStates<S extends string>(table: TransitionTable<S>): S[] {
  return statesOf(table).filter((state) => table[state].length === 0)
}

/** The states from which `to` can be reached in one transition: what a guarded update compares with. */
export function sourcesOf<S extends string>(table: TransitionTable<S>, to: S): S[] {
  return statesOf(table).filter((state) => table[state].includes(to))
}

function statesOf<S extends string>(table: TransitionTable<S>): S[] {
  const states: S[] = []
  for (const state in table) states.push(state)
  return states
}
