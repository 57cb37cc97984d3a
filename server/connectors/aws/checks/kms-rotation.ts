import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { cis } from '../cis'
import { canRotate, keys } from '../endpoints'

export const kmsRotation = defineCheck({
  id: 'aws_kms_rotation',
  title: 'Keys of your own rotate',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'A key that is never replaced protects everything that was ever encrypted with it, and all of it is lost with the key. AWS replaces it each year without anybody noticing.',
  remediation: {
    steps: ['Open the keys named in the evidence in KMS, Key rotation, and enable automatic rotation.'],
    url: 'https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-enable.html',
  },
  soc2: { criteria: ['PI1.5'], own: false },
  cis: cis(['3.6'], ['4.6']),
  iso27001: { controls: ['A.8.24'], own: true },
  kinds: ['region'],
  reads: { keys },
  evaluate: ({ keys: all }) => {
    // Keys of AWS's own rotate by themselves; imported, asymmetric and disabled ones can't.
    const asked = all.filter(canRotate)
    const unclear = all.filter(key => [key.KeyManager, key.KeySpec, key.KeyState, key.Origin].includes(undefined) && key.KeyManager !== 'AWS')
    const still = asked.filter(key => key.KeyRotationEnabled === false)
    const unread = [...unclear, ...asked.filter(key => key.KeyRotationEnabled === undefined)]
    const names = (list: typeof all) => capped(list.map(key => key.KeyId.slice(0, 100)))
    const evidence = { keys: all.length, rotatable: asked.length, ...(still.length > 0 && { not_rotated: names(still) }), ...(unread.length > 0 && { unread: names(unread) }) }
    if (still.length > 0) return fail(`${plural(still.length, 'key does', 'keys do')} not rotate.`, evidence)
    if (unread.length > 0) return unverified(`KMS did not say whether ${plural(unread.length, 'key rotates', 'keys rotate')}.`, evidence)
    if (asked.length === 0) return notApplicable('There is no key here that can rotate.', evidence)
    return pass('Every key that can rotate does.', evidence)
  },
})
