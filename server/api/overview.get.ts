import { defineRoute } from '#server/http/route'
import { overview } from '#server/scanner/view'

export default defineRoute({ access: 'member' }, async ({ who }) => overview(who))
