/** `public, graphql_public` → its schemas; an empty list when the Data API is off; undefined when not stated. */
export function exposedSchemas(dbSchema: string | null | undefined): string[] | undefined {
  return dbSchema?.split(',').map(schema => schema.trim()).filter(Boolean)
}
