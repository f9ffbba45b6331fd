/** For how long a wave can be shown to whoever has a link. */
export const SHARE_DAYS = [7, 30, 90] as const
export const LONGEST_SHARE_DAYS = 90
/** One for each circle of people; more are forgotten open. */
export const MOST_WAVE_LINKS = 10
