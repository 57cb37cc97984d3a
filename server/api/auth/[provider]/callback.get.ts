export { callbackHandler as default } from '#server/http/connect'
