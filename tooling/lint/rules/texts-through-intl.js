import { isTest, pathInHouse } from './house.js'

/** Two letters in a row are a word that someone would have to translate; signs and single letters are not. */
const WORD = /\p{L}{2}/u
/** Attributes that a person reads or hears. */
const READ_ATTRIBUTES = new Set(['alt', 'title', 'placeholder', 'label', 'description', 'aria-label', 'aria-description', 'aria-placeholder', 'aria-roledescription', 'aria-valuetext'])
/** Our own name is the same in every language. */
const NAMES = new Set(['Driftless'])

/** A text as it is written, or null for anything computed. */
function literalText(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral') return node.quasis.map((quasi) => quasi.value.cooked ?? '').join(' ')
  return null
}

/** No text for people in the portal's components: it comes from the messages, in every language. */
export const textsThroughIntl = {
  create(context) {
    const path = pathInHouse(context.filename)
    if (!/^apps\/web\/src\/.*\.tsx$/.test(path) || isTest(path)) return {}
    const check = (node, text) => {
      if (text === null || !WORD.test(text) || NAMES.has(text.trim())) return
      context.report({ node, message: `“${text.trim().slice(0, 40)}” is text for people: put it into apps/web/messages and read it with useTranslations.` })
    }
    /** Through the branches that end up on the page. */
    const checkExpression = (node) => {
      if (node?.type === 'ConditionalExpression') {
        checkExpression(node.consequent)
        checkExpression(node.alternate)
      } else if (node?.type === 'LogicalExpression') checkExpression(node.right)
      else check(node, literalText(node))
    }
    return {
      JSXText: (node) => check(node, node.value),
      JSXAttribute(node) {
        if (!READ_ATTRIBUTES.has(node.name.name)) return
        if (node.value?.type === 'JSXExpressionContainer') checkExpression(node.value.expression)
        else check(node, literalText(node.value))
      },
      JSXExpressionContainer(node) {
        if (node.parent?.type === 'JSXElement' || node.parent?.type === 'JSXFragment') checkExpression(node.expression)
      },
    }
  },
}
