import { setResponseHeaders } from 'h3'
import { defineRoute, idParams } from '#server/http/route'
import { printReceipt, receiptFileName } from '#server/integrations/receipt'
import { getReceipt } from '#server/integrations/receipts'

// A file to keep, printed: what checks it names lines.
export default defineRoute({ access: 'admin', params: idParams }, async ({ event, who, params }) => {
  const receipt = await getReceipt(who, params.id)
  setResponseHeaders(event, { 'content-type': 'application/json', 'content-disposition': `attachment; filename="${receiptFileName(receipt)}"` })
  return printReceipt(receipt)
})
