/**
 * The answers of the HTTP API as a browser sees them (docs/api.md): times are strings. Written by hand, because a type
 * imported from server code would claim Dates and drag server rooms into the pages.
 */
export * from './api/audit'
export * from './api/common'
export * from './api/health'
export * from './api/integrations'
export * from './api/people'
export * from './api/posture'
export * from './api/providers'
