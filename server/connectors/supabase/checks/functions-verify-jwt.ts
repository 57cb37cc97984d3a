import { defineCheck } from '../../contract'
import { functions } from '../endpoints'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

export const functionsVerifyJwt = defineCheck({
  id: 'supabase_functions_verify_jwt',
  title: 'Edge functions check who calls them',
  severity: 'medium',
  category: 'api_security',
  rationale: 'A function that checks no token can be called by anyone who guesses its name, with whatever rights its own code holds.',
  remediation: {
    steps: [
      'Set verify_jwt = true for the functions named in the evidence in supabase/config.toml and deploy them again.',
      'A webhook that cannot send a token checks the sender\'s signature in its own code; switch this check off when that is so for all listed.',
    ],
    url: 'https://supabase.com/docs/guides/functions/auth',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { functions },
  evaluate: ({ functions }) => {
    const deployed = functions.filter(fn => fn.status !== 'REMOVED')
    if (deployed.length === 0) return notApplicable('No edge function is deployed.')
    const open = deployed.filter(fn => fn.verify_jwt === false).map(fn => fn.slug)
    const unread = deployed.filter(fn => typeof fn.verify_jwt !== 'boolean').map(fn => fn.slug)
    const evidence = { deployed: deployed.length, unverified_callers: capped(open), ...(unread.length > 0 && { unread: capped(unread) }) }
    if (open.length > 0) return fail(`${plural(open.length, 'edge function does', 'edge functions do')} not check the caller's token.`, evidence)
    if (unread.length > 0) return unverified(`Supabase did not say for ${plural(unread.length, 'edge function')} whether it checks its caller.`, evidence)
    return pass('Every deployed edge function checks the caller\'s token.', evidence)
  },
})
