import { isTest, onImports, pathInHouse } from './house.js'

/** packages/domain knows no clock, no chance, no network: all comes in as arguments. */
export const pureDomain = {
  create(context) {
    const path = pathInHouse(context.filename)
    if (!path.startsWith('packages/domain/') || isTest(path)) return {}
    const report = (node, what) => context.report({ node, message: `packages/domain is pure: take what ${what} gives as an argument.` })
    return {
      ...onImports((node, specifier) => {
        if (specifier.startsWith('node:')) report(node, specifier)
      }),
      MemberExpression(node) {
        const text = `${node.object.name}.${node.property.name}`
        if (['Date.now', 'Math.random', 'performance.now', 'process.env', 'crypto.randomUUID'].includes(text)) report(node, text)
      },
      NewExpression(node) {
        if (node.callee.name === 'Date' && node.arguments.length === 0) report(node, 'new Date()')
      },
      CallExpression(node) {
        if (['fetch', 'setTimeout', 'setInterval'].includes(node.callee.name)) report(node, `${node.callee.name}()`)
      },
    }
  },
}
