import { describe, expect, it } from 'vitest'
import { allConnectors } from '#server/connectors/registry'
import { enabledChecks } from '#server/scanner/checks'

describe.each(allConnectors())('the checks of $id', (connector) => {
  const ids = (enabled: string[]) => enabledChecks(connector, enabled).map(check => check.id)
  const [first] = connector.checks

  it('are those of a category, in the connector\'s order', () => {
    for (const category of new Set(connector.checks.map(check => check.category))) {
      expect(ids([category])).toEqual(connector.checks.filter(check => check.category === category).map(check => check.id))
    }
  })

  it('are each by its own id, and each once however often it is named', () => {
    for (const { id } of connector.checks) expect(ids([id, id])).toEqual([id])
    if (first) expect(ids([first.category, first.id]).filter(id => id === first.id)).toHaveLength(1)
  })

  it('are none for nothing and for unknown names', () => {
    expect(ids([])).toEqual([])
    expect(ids(['no_such_check', ''])).toEqual([])
  })

  it('run by default, and exist', () => {
    expect(ids([...connector.defaultChecks]).length).toBeGreaterThan(0)
    for (const name of connector.defaultChecks) expect(ids([name]).length, name).toBeGreaterThan(0)
  })

  it('have ids and categories that cannot be taken for each other', () => {
    const categories = new Set(connector.checks.map(check => check.category))
    expect(connector.checks.filter(check => categories.has(check.id))).toEqual([])
  })
})
