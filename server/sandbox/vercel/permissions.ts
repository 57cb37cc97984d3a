/** What is set in the integration's console. */
export const permissionLabels: Readonly<Record<string, string>> = {
  'read-write:integration-configuration': 'Read and remove its own installation',
  'read:team': 'Read the team and its members',
  'read:user': 'Read whose account it is',
  'read:project': 'Read projects and their domains',
  'read-write:global-project-env-vars': 'Read and change all environment variables',
}

/** As the setup asks for; environment variables are opted into. */
export const usualPermissions: readonly string[] = Object.keys(permissionLabels).filter(name => !name.includes('env-vars'))

/** The permission to write includes the one to read. */
export function permits(permissions: readonly string[], needed: string): boolean {
  return permissions.includes(needed) || permissions.includes(needed.replace(/^read:/, 'read-write:'))
}
