export { installHandler as default } from '#server/http/install'
