export { webhookHandler as default } from '#server/http/webhook'
