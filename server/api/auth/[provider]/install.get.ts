export { installationHandler as default } from '#server/http/install'
