import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { deployKeys } from '../endpoints'

export const deployKeysReadOnly = defineCheck({
  id: 'github_deploy_keys_read_only',
  title: 'No deploy key can write to the repository',
  severity: 'medium',
  category: 'access_control',
  rationale: 'A deploy key belongs to a machine and to nobody, has no second factor and no end. One that can write is a way past every account.',
  remediation: {
    steps: [
      'Remove the keys named in the evidence that nothing uses any more.',
      'Replace the others by a key without write access, or by a GitHub App with the permissions that the job needs.',
    ],
    url: 'https://docs.github.com/en/authentication/connecting-to-github-with-ssh/managing-deploy-keys',
  },
  soc2: { criteria: ['CC6.1', 'CC6.3'], own: true },
  iso27001: { controls: ['A.5.15', 'A.8.2', 'A.8.4'], own: true },
  kinds: ['repository'],
  reads: { deployKeys },
  evaluate: ({ deployKeys: keys }, { resource }) => {
    if (resource.metadata.archived === true) return notApplicable('The repository is archived: nobody can write to it.')
    const writing = keys.filter(key => key.read_only === false && key.enabled !== false)
    const unread = keys.filter(key => typeof key.read_only !== 'boolean').length
    const evidence = { keys: keys.length, can_write: capped(writing.map(key => key.title || 'without a title')) }
    if (writing.length > 0) return fail(`${plural(writing.length, 'deploy key')} can write.`, evidence)
    if (unread > 0) return unverified(`GitHub did not say of ${plural(unread, 'deploy key')} whether it can write.`, evidence)
    return keys.length === 0 ? notApplicable('There is no deploy key.', evidence) : pass('Every deploy key can only read.', evidence)
  },
})
