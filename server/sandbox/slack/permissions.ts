/** What an app may be given here, and what the consent page calls it. */
export const permissions: Readonly<Record<string, string>> = {
  'team:read': 'View the name, address and sign-up domains of the workspace',
  'users:read': 'View people in the workspace',
  'team.preferences:read': 'View the preferences of the workspace',
  'channels:read': 'View basic information about public channels',
  'groups:read': 'View basic information about private channels that the app was added to',
}
