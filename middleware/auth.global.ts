declare module '#app' {
  interface PageMeta {
    /** Open without a session; `guest`: for nobody else. */
    public?: true | 'guest'
    /** Makes sense before the person belongs to an organization. */
    withoutOrganization?: true
  }
}

/** Shows the right page to the right person. What anybody may read or change is decided by the server alone. */
export default defineNuxtRouteMiddleware(async (to) => {
  if (!to.matched.length) return
  const { session, load } = useSession()
  if (session.value === undefined) await load()

  if (to.meta.public) {
    if (to.meta.public === 'guest' && session.value) return navigateTo(safeReturnTo(to.query.returnTo))
    return
  }
  if (!session.value) return navigateTo({ path: '/sign-in', query: to.fullPath === '/' ? {} : { returnTo: to.fullPath } })
  if (!session.value.organization && !to.meta.withoutOrganization) return navigateTo('/settings/organization')
})
