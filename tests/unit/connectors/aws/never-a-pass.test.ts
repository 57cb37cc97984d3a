import { aws } from '#server/connectors/aws'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** Fields that inform, or that only narrow what is asked: their absence changes the evidence, or asks for more. */
const informing: Record<string, string[]> = {
  aws_root_mfa: ['AccountAccessKeysPresent', 'AccountPasswordPresent'],
  aws_user_mfa: ['generated'],
  aws_password_policy: ['generated'],
  aws_stale_credentials: ['generated'],
  aws_cloudtrail_enabled: ['Name', 'HomeRegion', 'IsOrganizationTrail', 'KmsKeyId'],
  aws_rds_hardened: ['Engine'],
  // The rule is for everybody by its IPv4 addresses already: its ports decide.
  aws_sg_no_public_admin: ['GroupName', 'VpcId', 'Ipv6Ranges', 'PrefixListIds'],
}

neverAPass({ connector: aws, evaluate, passing, decides: (id, field) => !(informing[id] ?? []).includes(field) })
