/** Load balancers ask so. */
export { default } from './health.get'
