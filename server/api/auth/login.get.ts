export { loginHandler as default } from '#server/http/connect'
