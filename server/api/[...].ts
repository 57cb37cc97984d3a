import { z } from 'zod'
import { AppError } from '#server/errors'
import { defineRoute } from '#server/http/route'

/** Everything that is no route: answered in the API's own form, not with a page. */
export default defineRoute({ access: 'public', query: z.looseObject({}) }, async () => {
  throw new AppError('not_found', 'There is no such call.')
})
