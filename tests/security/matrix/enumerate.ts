/** What the portal answers at all, read from its code: a call that is forgotten in the matrix is found here. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { z } from 'zod'

const APP = join(ROOT, 'apps', 'web', 'src', 'app')
export const ROOT_ROUTER = join(ROOT, 'apps', 'web', 'src', 'server', 'root-router.ts')

const procedure = z.custom<{ _def: unknown }>((value) => typeof value === 'function').transform((value) => z.object({ type: z.enum(['query', 'mutation', 'subscription']) }).parse(value._def).type)
const loaded = z.object({ rootRouter: z.object({ _def: z.object({ procedures: z.record(z.string(), procedure) }) }) })

/** Every procedure and event stream (`subscription`) of the portal's router, by its path. */
export async function everyProcedure(): Promise<Readonly<Record<string, 'query' | 'mutation' | 'subscription'>>> {
  const code: unknown = await import(ROOT_ROUTER)
  return loaded.parse(code).rootRouter._def.procedures
}

/** Every page and route handler, by its file under `apps/web/src/app`. */
export async function everyRoute(): Promise<string[]> {
  return (await readdir(APP, { recursive: true })).filter((name) => /(^|\/)(page\.tsx|route\.ts)$/.test(name)).toSorted()
}

/** Files that would run before a route: security must not rest on one. */
export async function middlewares(): Promise<string[]> {
  return (await readdir(join(ROOT, 'apps', 'web', 'src'), { recursive: true })).filter((name) => /(^|\/)(middleware|proxy)\.[jt]sx?$/.test(name))
}
