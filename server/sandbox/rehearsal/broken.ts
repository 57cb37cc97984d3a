/** Answers that no provider means to give, as proxies, gateways and bugs give them. */
const page = '<!doctype html><html lang="en"><title>Sign in</title><p>Your network asks you to sign in first.</p></html>'

const mebibyte = new TextEncoder().encode('x'.repeat(1024 * 1024))
const mebibytes = 50

export const broken = {
  html: () => new Response(page, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
  empty: () => new Response(null, { headers: { 'content-type': 'application/json' } }),
  wrong_shape: () => Response.json(['nothing that anybody expects']),
  huge: () => new Response(huge(), { headers: { 'content-type': 'application/json' } }),
} satisfies Record<string, () => Response>

/** 50 MB of JSON, made as it is read: whoever stops reading costs nothing more. */
function huge(): ReadableStream<Uint8Array> {
  let given = 0
  return new ReadableStream({
    pull(controller) {
      if (given === 0) controller.enqueue(new TextEncoder().encode('["'))
      controller.enqueue(mebibyte.slice())
      given += 1
      if (given < mebibytes) return
      controller.enqueue(new TextEncoder().encode('"]'))
      controller.close()
    },
  })
}
