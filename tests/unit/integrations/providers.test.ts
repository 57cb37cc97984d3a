import { describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { viewCheck } from '#server/integrations/providers'

describe.each(allConnectors())('$id', (connector) => {
  it('says before anybody connects what it asks for, why, and what it never reads', () => {
    for (const scope of connector.authorization.scopes) expect(scope.reason, `To fix: say in plain words what ${scope.name} is for`).toMatch(/^[A-Z].{20,}/)
    expect(connector.neverRead?.length, 'To fix: neverRead').toBeGreaterThanOrEqual(2)
  })

  it('shows of each check where it stands in the frameworks, and whose word that is', () => {
    for (const check of connector.checks) {
      const { soc2, cis, iso27001 } = viewCheck(check)
      expect(soc2).toEqual(check.soc2)
      expect(cis).toEqual(check.cis ?? [])
      expect(iso27001).toEqual(check.iso27001 ?? null)
      expect(soc2.criteria.length + cis.length + (iso27001?.controls.length ?? 0), check.id).toBeGreaterThan(0)
    }
  })
})
