import { router } from '@/server/trpc.ts'
import { listLinks } from './list-links.ts'
import { readShared } from './read-shared.ts'
import { endLink, share } from './share.ts'

export const sharingRouter = router({ links: listLinks, share, end: endLink, read: readShared })
