import { describe, expect, it } from 'vitest'
import { selectStages } from '../../../scripts/lib/test-stages.ts'

const names = (args: string[]) => selectStages(args).flatMap(stage => stage.projects)

describe('selectStages', () => {
  it('takes the stages of the files that are named', () => {
    expect(names(['tests/unit/scripts'])).toEqual(['unit', 'contract', 'architecture'])
    expect(names(['tests/integration/'])).toEqual(['integration', 'integration-supabase'])
  })

  it('takes every stage that has files when none is named', () => {
    expect(names([])).toContain('unit')
    expect(names(['-t', 'a name that no file has'])).toEqual(names([]))
  })
})
