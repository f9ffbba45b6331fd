/** Where commands are looked for. */
export const searchPath: string | undefined = process.env['PATH']
