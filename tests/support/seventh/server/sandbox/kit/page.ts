export * from '#server/sandbox/kit/page'
