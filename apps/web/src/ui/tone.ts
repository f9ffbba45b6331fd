/** What a colour says; colour is never the only thing that says it. */
export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'danger' | 'accent'

export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  neutral: 'text-muted', info: 'text-info', success: 'text-success', warning: 'text-warning', danger: 'text-danger', accent: 'text-accent',
}
export const TONE_SOFT: Readonly<Record<Tone, string>> = {
  neutral: 'bg-sunken text-muted', info: 'bg-info-soft text-info', success: 'bg-success-soft text-success',
  warning: 'bg-warning-soft text-warning', danger: 'bg-danger-soft text-danger', accent: 'bg-accent-soft text-accent',
}
