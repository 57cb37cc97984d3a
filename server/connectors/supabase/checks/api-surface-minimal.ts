import { defineCheck } from '../../contract'
import { readAdvisor } from '../advisor'
import { exposedSchemas } from '../data-api'
import { advisors, postgrest } from '../endpoints'
import { capped, holds, judge, plural, unverified } from '../../verdict'

/** `api` is the dedicated schema that https://supabase.com/docs/guides/database/hardening-data-api proposes. */
const expectedSchemas = ['public', 'graphql_public', 'api']
/** Supabase's default; own threshold. */
const mostRows = 1000

export const apiSurfaceMinimal = defineCheck({
  id: 'supabase_api_surface_minimal',
  title: 'The Data API exposes only what it should',
  severity: 'high',
  category: 'api_security',
  rationale: 'Additional schemas, views that run with their owner\'s rights and unlimited answers widen what one careless policy gives away.',
  remediation: {
    steps: [
      'Under Project Settings, Data API leave only the schemas that callers need, and a row limit of 1,000 or less.',
      'Recreate the views named in the evidence with security_invoker = true, and move materialized views and foreign tables to a private schema.',
      'Give each function named in the evidence a fixed search path: alter function <name> set search_path = \'\';',
    ],
    url: 'https://supabase.com/docs/guides/database/hardening-data-api',
  },
  soc2: { criteria: ['CC6.1', 'CC6.6'], own: true },
  reads: { advisors, postgrest },
  evaluate: ({ advisors, postgrest }) => {
    const schemas = exposedSchemas(postgrest.db_schema)
    const additional = schemas?.filter(schema => !expectedSchemas.includes(schema)) ?? []
    const reading = readAdvisor(advisors, ['security_definer_view', 'materialized_view_in_api', 'foreign_table_in_api', 'function_search_path_mutable'])
    const off = schemas?.length === 0
    const verdict = judge([
      { field: 'db_schema', ok: schemas && additional.length === 0, wrong: `the schemas ${additional.join(', ')} are exposed too` },
      { field: 'max_rows', ok: off ? true : holds(postgrest.max_rows, rows => rows <= mostRows), wrong: `one call may return more than ${mostRows} rows` },
      { field: 'lints', ok: reading.hits.length === 0, wrong: `the security advisor names ${plural(reading.hits.length, 'risky object')}` },
    ], off ? 'The Data API is off.' : 'The Data API exposes the expected schemas, limits its answers, and the advisor names no risky object.', {
      ...reading.evidence,
      schemas: schemas ? capped(schemas) : null,
      max_rows: postgrest.max_rows ?? null,
    })
    return verdict.verdict === 'pass' && reading.blind ? unverified(reading.blind, verdict.evidence) : verdict
  },
})
