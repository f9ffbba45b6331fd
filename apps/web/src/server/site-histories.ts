import { createSiteHistories } from '@driftless/db'

/** Pages ask every second while a window is open; a line's rate is read from a week of samples. One memory for all of the portal. */
export const siteHistories = createSiteHistories()
