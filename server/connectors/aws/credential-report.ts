/**
 * IAM's credential report: a CSV with a row for each user and one for root
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html). AWS makes it at most every four hours,
 * so that a repair may show late: `generated` stands in the evidence.
 */
import { z } from 'zod'
import { ProviderError } from '#server/errors'
import { codeOf } from './failure'
import { operation, type Asking } from './operation'

export interface Login {
  user: string
  passwordEnabled: boolean | undefined
  passwordLastUsed: string | undefined
  passwordLastChanged: string | undefined
  mfaActive: boolean | undefined
  keys: { active: boolean | undefined, lastRotated: string | undefined, lastUsed: string | undefined }[]
}

/** RFC 4180: names of users may hold commas. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(([, quoted, plain = '']) => quoted === undefined ? plain : quoted.replaceAll('""', '"'))
}

const rootName = '<root_account>'
const storable = (value: string) => value.replaceAll('\0', '\uFFFD').toWellFormed()
const yesOrNo = (value: string | undefined) => value === 'true' ? true : value === 'false' ? false : undefined

function loginOf(row: Readonly<Record<string, string>>): Login {
  return {
    user: storable(row.user ?? ''),
    passwordEnabled: yesOrNo(row.password_enabled),
    passwordLastUsed: row.password_last_used,
    passwordLastChanged: row.password_last_changed,
    mfaActive: yesOrNo(row.mfa_active),
    keys: [1, 2].map(n => ({
      active: yesOrNo(row[`access_key_${n}_active`]), lastRotated: row[`access_key_${n}_last_rotated`], lastUsed: row[`access_key_${n}_last_used_date`],
    })),
  }
}

const report = z.object({
  content: z.string(),
  generated: z.iso.datetime().optional().catch(undefined),
}).transform(({ content, generated }, context) => {
  const [head = '', ...lines] = content.split(/\r?\n/).filter(line => line !== '')
  const names = cells(head)
  const rows = lines.map(line => cells(line))
  // Root is always there: a report without it is none. A row that is cut says nothing of a user who is there.
  if (!names.includes('user') || !rows.some(row => row[names.indexOf('user')] === rootName) || rows.some(row => row.length !== names.length)) {
    context.addIssue({ code: 'custom', message: 'is no credential report' })
    return z.NEVER
  }
  const logins = rows.map(row => loginOf(Object.fromEntries(names.map((name, index) => [name, row[index] ?? '']))))
  return { generated: generated ?? null, users: logins.filter(login => login.user !== rootName) }
})

const POLL_MS = 1_000
const MOST_POLLS = 20

async function ask({ service, wait }: Asking): Promise<unknown> {
  const { sdk, client } = await service('iam')
  for (let poll = 0; poll < MOST_POLLS; poll++) {
    if (poll > 0) await wait(POLL_MS)
    const { State: state } = await client.send(new sdk.GenerateCredentialReportCommand({}))
    if (state !== 'COMPLETE') continue
    try {
      const { Content: content, GeneratedTime: generated } = await client.send(new sdk.GetCredentialReportCommand({}))
      return { content: content && new TextDecoder().decode(content), generated: generated?.toISOString() }
    }
    catch (error) {
      // Gone, or made anew, between the two calls.
      if (!/^CredentialReport(?:NotPresent|Expired|NotReady)$|^ReportNotPresent$|^ReportExpired$|^ReportInProgress$/.test(codeOf(error))) throw error
    }
  }
  throw new ProviderError('timeout', 'iam:GenerateCredentialReport')
}

export const credentialReport = operation({ id: 'credential_report', action: 'iam:GetCredentialReport', schema: report, ask })
