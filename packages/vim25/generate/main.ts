/** Writes src/generated/vim-types.ts. Its argument is the folder of govmomi's types. Run it after a change of subset.ts. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseGoTypes } from './go-types.ts'
import { METHOD_NAMES, TYPE_NAMES } from './subset.ts'
import { makeTable } from './table.ts'

/** Where Debian's golang-github-vmware-govmomi-dev puts them. */
const DEBIAN_FOLDER = '/usr/share/gocode/src/github.com/vmware/govmomi/vim25/types'

const [, , folder = DEBIAN_FOLDER] = process.argv
const names = (await readdir(folder)).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go')).toSorted()
const sources = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
await writeFile(new URL('../src/generated/vim-types.ts', import.meta.url), makeTable(parseGoTypes(sources.join('\n')), METHOD_NAMES, TYPE_NAMES))
