/** Whoever may do anything to the database cannot change the audit log unseen: the portal's export and its anchor tell, offline. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
