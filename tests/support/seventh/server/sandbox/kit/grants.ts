export * from '#server/sandbox/kit/grants'
