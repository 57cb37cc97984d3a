export * from '#server/sandbox/kit/http'
