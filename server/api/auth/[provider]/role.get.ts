export { roleGuideHandler as default } from '#server/http/role'
