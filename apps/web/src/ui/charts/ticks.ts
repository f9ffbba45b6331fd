/** Steps that people read easily, within one power of ten or of two. */
const DECIMAL = [1, 2, 2.5, 5, 10]
const BINARY = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
const INTERVALS = 4
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400]
/** As clocks and calendars divide them. */
const DURATIONS = [...[1, 2, 5, 10, 15, 30], ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE), ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR), ...[1, 2, 7, 14, 30, 90].map((days) => days * DAY)]

/** Round values from 0 up to at least `most`, about four steps; `binary` counts in powers of 1,024. */
export function niceTicks(most: number, binary: boolean): number[] {
  if (!(most > 0)) return [0, 1]
  const base = binary ? 1024 : 10
  const unit = base ** Math.floor(Math.log(most / INTERVALS) / Math.log(base))
  const step = unit * ((binary ? BINARY : DECIMAL).find((factor) => factor * unit * INTERVALS >= most * (1 - 1e-9)) ?? base)
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step)
}

/** Round lengths of time, in seconds, from 0 up to at least `most`: `0, 2 h, 4 h, 6 h` rather than `0, 83 min, 166 min`. */
export function durationTicks(most: number): number[] {
  const step = DURATIONS.find((seconds) => seconds * INTERVALS >= most * (1 - 1e-9))
  if (step === undefined || most < INTERVALS) return niceTicks(most, false)
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step)
}
