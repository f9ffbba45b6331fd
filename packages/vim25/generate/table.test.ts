import { expect, test } from 'vitest'
import { parseGoTypes } from './go-types.ts'
import { makeTable } from './table.ts'

const GO = `
type BaseShape interface {
	GetShape() *Shape
}

type Colour string

type Shape struct {
	DynamicData

	Key    int32                   \`xml:"key"\`
	Colour Colour                  \`xml:"colour,omitempty"\`
	Inside []BaseShape             \`xml:"inside,omitempty,typeattr"\`
	Owner  *ManagedObjectReference \`xml:"owner,omitempty"\`
}

type Circle struct {
	Shape

	Radius float64    \`xml:"radius"\`
	Made   *time.Time \`xml:"made"\`
}

type Unused struct {
	Any AnyType \`xml:"any,typeattr"\`
}

type ManagedObjectReference struct {
	Type  string \`xml:"type,attr"\`
	Value string \`xml:",chardata"\`
}

type DrawRequestType struct {
	This  ManagedObjectReference \`xml:"_this"\`
	Shape BaseShape              \`xml:"shape,typeattr"\`
}

type Draw DrawRequestType

type DrawResponse struct {
	Returnval []int64 \`xml:"returnval,omitempty"\`
}

type EraseRequestType struct {
	This ManagedObjectReference \`xml:"_this"\`
}

type Erase EraseRequestType

type EraseResponse struct {
}
`

test('the table holds the methods and types asked for, their bases and what they hold, and no more', () => {
  const table = makeTable(parseGoTypes(GO), ['Draw', 'Erase'], ['Circle'])
  expect(table.slice(table.indexOf('export'))).toBe(`export const METHODS: Readonly<Record<string, readonly string[]>> = {
  Draw: ['long[]?', 'shape Shape'],
  Erase: [''],
}

export const TYPES: Readonly<Record<string, readonly string[]>> = {
  Circle: ['Shape', 'radius double', 'made dateTime?'],
  Shape: ['', 'key int', 'colour string?', 'inside Shape[]?', 'owner ManagedObjectReference?'],
}
`)
})

test('a name that govmomi does not have is said', () => {
  expect(() => makeTable(parseGoTypes(GO), ['Draw'], ['Square'])).toThrow('govmomi has no type Square.')
})
