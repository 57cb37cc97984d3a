export { roleHandler as default } from '#server/http/role'
