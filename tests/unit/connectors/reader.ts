import type { ApiReader, Endpoint, GrantFacts, ResourceDescription } from '#server/connectors/contract'

type Body = (endpoint: Endpoint, resource: ResourceDescription | undefined) => unknown

/** Bodies as they come over the wire, through each endpoint's own schema; one page each. */
export function readerOf(body: Body, facts: GrantFacts = {}): ApiReader {
  const read = async <T>(endpoint: Endpoint<T>, resource?: ResourceDescription) => endpoint.schema.parse(await body(endpoint, resource))
  return {
    facts,
    get: read,
    async* pages(endpoint, resource) { yield await read(endpoint, resource) },
  }
}
