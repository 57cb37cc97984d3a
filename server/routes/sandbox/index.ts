/** The path itself, which the catch-all beside this file does not match. */
export { default } from './[...]'
