import { pathInHouse } from './house.js'

/** Settings are parsed once, in a program's env.ts; the launcher and the tools hand them on. */
const MAY_READ = /(^|\/)env\.ts$|^(launch|tooling|tests\/support)\/|(^|\/)[\w.-]+\.config\.(ts|mjs|js)$/

export const noEnvironment = {
  create(context) {
    if (MAY_READ.test(pathInHouse(context.filename))) return {}
    return {
      MemberExpression(node) {
        const { object, property } = node
        const name = node.computed ? property.value : property.name
        if (name === 'env' && (object.name === 'process' || (object.type === 'MetaProperty' && object.meta.name === 'import'))) {
          context.report({ node, message: 'Settings are read in env.ts alone: parse it there and pass it on.' })
        }
      },
    }
  },
}
