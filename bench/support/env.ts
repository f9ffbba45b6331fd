/** Set by `enterOwnNetwork` for the program that it starts. */
const MARK = 'DRIFTLESS_BENCH_NETWORK'

/** Where commands are looked for. */
export const searchPath: string | undefined = process.env['PATH']

/** Whether this program runs in a network namespace made for it. */
export const isInOwnNetwork: boolean = process.env[MARK] === '1'

/** The environment of a program that does. */
export const withOwnNetwork: NodeJS.ProcessEnv = { ...process.env, [MARK]: '1' }
