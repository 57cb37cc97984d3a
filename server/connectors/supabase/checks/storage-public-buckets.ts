import { defineCheck } from '../../contract'
import { storageBuckets } from '../endpoints'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

export const storagePublicBuckets = defineCheck({
  id: 'supabase_storage_public_buckets',
  title: 'No storage bucket is public',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'Every file in a public bucket can be fetched by anyone who has or guesses its address, whatever the policies say.',
  remediation: {
    steps: [
      'Look into each bucket named in the evidence for files that are not meant for everybody.',
      'Make it private under Storage and hand out signed addresses; keep public buckets to assets of your site.',
    ],
    url: 'https://supabase.com/docs/guides/storage/buckets/fundamentals',
  },
  soc2: { criteria: ['CC6.1', 'CC6.7'], own: true },
  reads: { storageBuckets },
  evaluate: ({ storageBuckets: buckets }) => {
    if (buckets.length === 0) return notApplicable('There is no storage bucket.')
    const open = buckets.filter(bucket => bucket.public === true).map(bucket => bucket.name)
    const unread = buckets.filter(bucket => typeof bucket.public !== 'boolean').map(bucket => bucket.name)
    const evidence = { buckets: buckets.length, public_buckets: capped(open), ...(unread.length > 0 && { unread: capped(unread) }) }
    if (open.length > 0) return fail(`${plural(open.length, 'storage bucket is', 'storage buckets are')} public.`, evidence)
    if (unread.length > 0) return unverified(`Supabase did not say for ${plural(unread.length, 'bucket')} whether it is public.`, evidence)
    return pass('Every storage bucket is private.', evidence)
  },
})
