import type { Receipt, SignedReceipt } from '#shared/api'

/** For owners and admins; nobody else's page asks, and the server would refuse. */
export function useReceipts() {
  const { canWrite } = useSession()
  return useList<Receipt>('receipts', '/api/receipts', () => ({ limit: 50 }), { immediate: canWrite.value })
}

/** As one file, printed as the single ones are: `npm run verify-receipt` reads both. */
export function saveReceipts(receipts: SignedReceipt[], name: string) {
  const href = URL.createObjectURL(new Blob([`${JSON.stringify({ receipts }, null, 2)}\n`], { type: 'application/json' }))
  const link = Object.assign(document.createElement('a'), { href, download: name })
  link.click()
  URL.revokeObjectURL(href)
}
