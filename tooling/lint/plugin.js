// Our own lint rules: what a reviewer would forget. Plain JavaScript, since the linter loads them as they are.
import { importRule } from './rules/import-rule.js'
import { noEnvironment } from './rules/no-environment.js'
import { pureDomain } from './rules/pure-domain.js'
import { textsThroughIntl } from './rules/texts-through-intl.js'

export default {
  meta: { name: 'driftless' },
  rules: {
    'import-rule': importRule,
    'no-environment': noEnvironment,
    'pure-domain': pureDomain,
    'texts-through-intl': textsThroughIntl,
  },
}
