import { z } from 'zod'

export const id = z.string().min(1).max(120)
/** As agents name their places; whether one is known the transition says. */
export const places = z.array(z.string().min(1).max(60)).max(16)
export const transitDays = z.number().int().min(1).max(60)
export const note = z.string().trim().max(500).transform((text) => (text === '' ? null : text)).nullable()
