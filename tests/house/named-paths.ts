import { globSync } from 'node:fs'

/** Folders at the top that exist only while something runs or after it was built. */
const MADE_AT_RUN_TIME = /^(\.driftless|node_modules|\.next|dist)(\/|$)/
/** A path is letters, dots, dashes, stars and Next's brackets with at least one slash; capitals alone stand for a name to fill in. */
const PATH = /^[\w.@()[\]*-]+(\/[\w.@()[\]*-]+)+\/?$/
const PLACEHOLDER = /(^|\/)[A-Z]{2,}(\/|$)/
/** Package names start with @; addresses and media types have a first part that is none of ours but no extension either. */
const TOP_FOLDERS = new Set(['apps', 'packages', 'prisma', 'tooling', 'tests', 'bench', 'launch', 'docs', '.ci'])

/** The paths that a page of Markdown names in backticks, without line numbers; code blocks are left out. */
export function namedPaths(markdown: string): string[] {
  const prose = markdown.replaceAll(/```[^]*?```/g, '')
  return [...prose.matchAll(/`([^`\n]+)`/g)]
    .map((match) => (match[1] ?? '').replace(/:\d+$/, ''))
    .filter((text) => PATH.test(text) && !MADE_AT_RUN_TIME.test(text) && !text.startsWith('@') && !PLACEHOLDER.test(text))
    .filter((text) => TOP_FOLDERS.has(text.split('/')[0] ?? '') || /\.\w{1,5}$/.test(text))
    .map((text) => text.replace(/\/$/, ''))
}

/** Those of them that are not in the checkout `root`. */
export function missingPaths(markdown: string, root: string): string[] {
  return namedPaths(markdown).filter((path) => globSync(path.replaceAll(/[[\]()]/g, '?'), { cwd: root }).length === 0)
}
