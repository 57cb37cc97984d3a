/** `/api` itself, which the catch-all leaves out. */
export { default } from './[...]'
