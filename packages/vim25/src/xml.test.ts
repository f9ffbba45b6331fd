import { describe, expect, test } from 'vitest'
import { VimError } from './errors.ts'
import { MAX_DEPTH, escapeXml, parseXml } from './xml.ts'

describe('a document is read', () => {
  test('without its prefixes, with both kinds of type told apart', () => {
    const root = parseXml('<?xml version="1.0"?><!-- hello --><a:b xmlns:a="urn:a" xmlns:q="http://www.w3.org/2001/XMLSchema-instance"><val q:type="vim:ManagedObjectReference" type="Folder">group-1</val></a:b>')
    expect(root).toMatchObject({ name: 'b', xsiType: null, type: null, text: '' })
    expect(root.children).toEqual([{ name: 'val', xsiType: 'ManagedObjectReference', type: 'Folder', children: [], text: 'group-1' }])
  })

  test('with its characters, however they are written', () => {
    expect(parseXml('<a> &lt;&amp;&#34;&#x41;&#128512; <![CDATA[&lt;<b>]]>&apos;</a>').text).toBe(' <&"A😀 &lt;<b>\'')
    expect(parseXml('<a>&amp;lt;</a>').text).toBe('&lt;')
    expect(parseXml('<a/>').text).toBe('')
  })

  test('with thousands of entities', () => {
    expect(parseXml(`<a>${'&amp;'.repeat(20_000)}</a>`).text).toHaveLength(20_000)
  })
})

test.each([
  ['a document that was cut off', '<a><b>text'],
  ['one that was cut off between elements', '<a><b/>'],
  ['nothing', ''],
  ['text', 'Bad Gateway'],
  ['two roots', '<a/><b/>'],
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an entity that nobody has defined', '<a>&copy;</a>'],
  ['a number that is no character', '<a>&#x110000;</a>'],
  ['what nests too deep', `${'<a>'.repeat(MAX_DEPTH + 2)}${'</a>'.repeat(MAX_DEPTH + 2)}`],
])('%s is refused', (_, text) => {
  expect(() => parseXml(text)).toThrow(VimError)
})

test('what is written reads as it was, and what XML cannot hold is not written', () => {
  const odd = '<tag attribute="a\'b"> & \r\n\t ]]> 😀'
  expect(parseXml(`<a>${escapeXml(odd)}</a>`).text).toBe(odd)
  for (const impossible of ['\0', 'a\u001fb', '\ud83d', '\uffff']) expect(escapeXml(impossible)).toBeNull()
})
