import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** A file's path in the checkout, with forward slashes. */
export const pathInHouse = (filename) => relative(ROOT, filename).split(sep).join('/')

/** The part of the house that a path is in: `apps/web`, `packages/domain`, `launch` …; the path itself for a file at the top. */
export function partOf(path) {
  const [first, second] = path.split('/')
  return (first === 'apps' || first === 'packages' || first === 'tooling') && second !== undefined ? `${first}/${second}` : first
}

/** A relative specifier of `path`, as a path in the checkout. */
export const resolveRelative = (path, specifier) => join(dirname(path), specifier).split(sep).join('/')

/** Tests and their set-up (folders `testing` of an app or package) live by looser rules. */
export const isTest = (path) => /\.test\.tsx?$/.test(path) || /^(apps|packages)\/.*\/testing\//.test(path) || path.startsWith('tests/') || path.startsWith('bench/')

/** Calls `check(node, specifier)` for every import and re-export with a written specifier. */
export function onImports(check) {
  const visit = (node) => {
    if (typeof node.source?.value === 'string') check(node, node.source.value)
  }
  return { ImportDeclaration: visit, ImportExpression: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit, TSImportType: visit }
}
