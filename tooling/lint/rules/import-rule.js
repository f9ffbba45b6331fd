import { isTest, onImports, partOf, pathInHouse, resolveRelative } from './house.js'

/** Which of our packages each part may import. */
const MAY_IMPORT = {
  'packages/domain': [],
  'packages/nbd': [],
  'packages/lab-api': [],
  'packages/vim25': [],
  'packages/sealing': [],
  'packages/orders': ['domain'],
  'packages/audit-chain': [],
  'packages/evidence': ['domain', 'audit-chain'],
  'packages/agent-api': ['domain'],
  'packages/notices': ['domain'],
  'packages/jobs': ['domain'],
  'packages/db': ['domain', 'audit-chain'],
  'apps/web': ['domain', 'db', 'jobs', 'sealing', 'orders', 'audit-chain', 'evidence', 'notices'],
  'apps/coordinator': ['domain', 'db', 'jobs', 'agent-api', 'sealing', 'orders', 'audit-chain', 'evidence', 'notices'],
  'apps/agent': ['domain', 'agent-api', 'lab-api', 'nbd', 'vim25', 'sealing', 'orders'],
  'apps/lab': ['lab-api', 'nbd'],
  prisma: ['domain', 'db'],
  launch: ['domain', 'db', 'agent-api', 'audit-chain', 'evidence', 'notices'],
}
const ADAPTER = /^apps\/agent\/src\/hypervisors\/([\w-]+)\//
const AGENT_MAIN = 'apps/agent/src/main.ts'
/** The agent's other composition roots: commands for one adapter. */
const COMMANDS = { vsphere: 'apps/agent/src/vsphere-main.ts' }

/** domain ← (jobs, agent-api, db) ← apps; apps never import one another; an adapter is imported by the agent's main, and by its own command, alone. */
export const importRule = {
  create(context) {
    const path = pathInHouse(context.filename)
    const part = partOf(path)
    const allowed = MAY_IMPORT[part]
    if (allowed === undefined) return {}
    return onImports((node, specifier) => {
      const ours = /^@driftless\/([\w-]+)/.exec(specifier)?.[1]
      if (ours !== undefined && !allowed.includes(ours) && `packages/${ours}` !== part && !(ours === 'tests' && isTest(path))) {
        context.report({ node, message: `${part} must not import @driftless/${ours}: it may import ${allowed.length === 0 ? 'none of our packages' : allowed.join(', ')} (import rule of ARCHITECTURE.md).` })
      }
      if (!specifier.startsWith('.')) return
      const target = resolveRelative(path, specifier)
      if (partOf(target) !== part && !mayReach(path, part, target)) {
        context.report({ node, message: `${part} must not reach into ${partOf(target)} by a relative path: import its package, if the import rule allows it.` })
      }
      const adapter = ADAPTER.exec(target)?.[1]
      if (adapter !== undefined && path !== AGENT_MAIN && path !== COMMANDS[adapter] && ADAPTER.exec(path)?.[1] !== adapter && !isTest(path)) {
        context.report({ node, message: `The ${adapter} adapter is imported by ${AGENT_MAIN} alone; others use the interface beside it.` })
      }
    })
  },
}

/** The launcher and tests run the seed; tests use what tests share. */
function mayReach(path, part, target) {
  return (target.startsWith('prisma/seed/') && (part === 'launch' || isTest(path))) || (target.startsWith('tests/support/') && isTest(path))
}
