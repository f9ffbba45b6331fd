/** Steps that people read easily, within one power of ten or of two. */
const DECIMAL = [1, 2, 2.5, 5, 10]
const BINARY = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
const INTERVALS = 4

/** Round values from 0 up to at least `most`, about four steps; `binary` counts in powers of 1,024. */
export function niceTicks(most: number, binary: boolean): number[] {
  if (!(most > 0)) return [0, 1]
  const base = binary ? 1024 : 10
  const unit = base ** Math.floor(Math.log(most / INTERVALS) / Math.log(base))
  const step = unit * ((binary ? BINARY : DECIMAL).find((factor) => factor * unit * INTERVALS >= most * (1 - 1e-9)) ?? base)
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step)
}
