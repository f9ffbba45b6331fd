import { router } from '@/server/trpc.ts'
import { createWebhook } from './create-webhook.ts'
import { deleteWebhook } from './delete-webhook.ts'
import { editWebhook } from './edit-webhook.ts'
import { listWebhooks } from './list-webhooks.ts'
import { readDeliveries } from './read-deliveries.ts'
import { redeliver } from './redeliver.ts'
import { rotateSecret } from './rotate-secret.ts'
import { sendTest } from './send-test.ts'
import { switchWebhook } from './switch-webhook.ts'

export const webhooksRouter = router({
  list: listWebhooks, create: createWebhook, edit: editWebhook, rotateSecret, switch: switchWebhook, delete: deleteWebhook, sendTest, deliveries: readDeliveries, redeliver,
})
