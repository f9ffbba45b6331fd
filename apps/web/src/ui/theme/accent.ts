/** WCAG 2.2, 1.4.3: text against its ground. */
const LEAST_CONTRAST = 4.5
/** The grounds on which the accent is text or a button, as in globals.css: sunken is the hardest of each theme. */
const LIGHT_GROUND = '#eff1f4'
const DARK_GROUND = '#23262c'
const WHITE = '#ffffff'
const INK = '#0d1016'
export const DEFAULT_ACCENT = '#3b5bdb'

type Rgb = readonly [number, number, number]

function parse(hex: string): Rgb | null {
  const digits = /^#([0-9a-f]{6})$/i.exec(hex)?.[1]
  if (digits === undefined) return null
  const value = Number.parseInt(digits, 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function luminance(color: Rgb): number {
  const [r = 0, g = 0, b = 0] = color.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** WCAG contrast ratio of two colours, 1 to 21; 1 where one is no `#rrggbb`. */
export function contrast(a: string, b: string): number {
  const [first, second] = [parse(a), parse(b)]
  if (first === null || second === null) return 1
  const [light, dark] = [luminance(first), luminance(second)].sort((x, y) => y - x)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

function mix(color: Rgb, towards: Rgb, share: number): string {
  const channels = color.map((channel, index) => Math.round(channel + ((towards[index] ?? 0) - channel) * share))
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

/** Steps of 2 %: finer differences are not seen. */
const STEPS = 50

function readable(color: Rgb, ground: string, towards: Rgb): string {
  for (let step = 0; step <= STEPS; step++) {
    const candidate = mix(color, towards, step / STEPS)
    if (contrast(candidate, ground) >= LEAST_CONTRAST) return candidate
  }
  return mix(color, towards, 1)
}

const textOn = (ground: string): string => (contrast(WHITE, ground) >= contrast(INK, ground) ? WHITE : INK)

/**
 * CSS variables for a provider's colour: darkened for the light theme and lightened for the dark one
 * as far as readable text needs. A colour that is no `#rrggbb` gives the product's own.
 */
export function accentVariables(hex: string): Record<`--${string}`, string> {
  const color = parse(hex) ?? parse(DEFAULT_ACCENT) ?? [0, 0, 0]
  const light = readable(color, LIGHT_GROUND, [0, 0, 0])
  const dark = readable(color, DARK_GROUND, [255, 255, 255])
  return { '--accent-light': light, '--on-accent-light': textOn(light), '--accent-dark': dark, '--on-accent-dark': textOn(dark) }
}
