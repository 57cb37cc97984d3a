import type { SandboxAccount } from './account'

/** Looked after where everybody looks, and forgotten in Ireland. */
export const production: SandboxAccount = {
  id: '123456789012',
  title: 'Brightwater production',
  alias: 'brightwater-production',
  summary: { Users: 4, AccountMFAEnabled: 1, AccountAccessKeysPresent: 0, AccountPasswordPresent: 1, AccountSigningCertificatesPresent: 0 },
  passwordPolicy: { MinimumPasswordLength: 10, RequireSymbols: true, RequireNumbers: true, AllowUsersToChangePassword: true, ExpirePasswords: false },
  users: [
    { name: 'ines.okafor', password: { lastUsed: 1, changed: 60 }, mfa: true, keys: [] },
    { name: 'tomas.lindqvist', password: { lastUsed: 3, changed: 80 }, mfa: false, keys: [{ rotated: 20, lastUsed: 2 }] },
    { name: 'ci-deploy', password: null, mfa: false, keys: [{ rotated: 420, lastUsed: 1 }] },
    { name: 'ravi.castellano', password: { lastUsed: 140, changed: 300 }, mfa: true, keys: [] },
  ],
  publicAccessBlock: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
  trails: [{
    Name: 'brightwater-all', TrailARN: 'arn:aws:cloudtrail:us-east-1:123456789012:trail/brightwater-all', HomeRegion: 'us-east-1', S3BucketName: 'bucket-that-nobody-may-keep',
    IsMultiRegionTrail: true, IsOrganizationTrail: false, LogFileValidationEnabled: true, IncludeGlobalServiceEvents: true,
  }],
  regions: {
    'us-east-1': {
      detectors: ['ENABLED'],
      groups: [
        { id: 'sg-0a1b2c3d4e5f60718', name: 'web', rules: [{ protocol: 'tcp', from: 443, to: 443, four: ['0.0.0.0/0'], six: ['::/0'] }] },
        { id: 'sg-0b2c3d4e5f6071829', name: 'bastion', rules: [{ protocol: 'tcp', from: 22, to: 22, four: ['203.0.113.0/24'] }] },
      ],
      ebsEncrypted: true,
      databases: [],
      keys: [
        { id: '1b2c3d4e-0000-4000-8000-000000000001', manager: 'CUSTOMER', rotates: true },
        { id: '1b2c3d4e-0000-4000-8000-000000000002', manager: 'AWS' },
        { id: '1b2c3d4e-0000-4000-8000-000000000003', manager: 'CUSTOMER', spec: 'RSA_2048' },
      ],
    },
    'eu-west-1': {
      detectors: [],
      groups: [
        { id: 'sg-0c3d4e5f607182930', name: 'legacy-bastion', rules: [{ protocol: 'tcp', from: 20, to: 25, four: ['0.0.0.0/0'] }] },
        { id: 'sg-0d4e5f60718293a41', name: 'windows-farm', rules: [{ protocol: '-1', six: ['::/0'] }] },
        { id: 'sg-0f60718293a4b5c63', name: 'half-and-half', rules: [{ protocol: 'tcp', from: 22, to: 22, four: ['0.0.0.0/1', '128.0.0.0/1'] }] },
        { id: 'sg-0a718293a4b5c6d74', name: 'offices', rules: [{ protocol: 'tcp', from: 22, to: 22, lists: ['pl-0123456789abcdef0'] }] },
        { id: 'sg-0e5f60718293a4b52', name: 'web', rules: [{ protocol: 'tcp', from: 443, to: 443, four: ['0.0.0.0/0'] }] },
      ],
      ebsEncrypted: false,
      databases: [
        { id: 'orders', engine: 'postgres', public: false, encrypted: true, backupDays: 14 },
        { id: 'reporting', engine: 'mysql', public: true, encrypted: false, backupDays: 0 },
      ],
      keys: [{ id: '2c3d4e5f-0000-4000-8000-000000000001', manager: 'CUSTOMER', rotates: false }],
    },
  },
  denied: [],
}
