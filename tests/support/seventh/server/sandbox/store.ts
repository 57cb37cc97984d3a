export * from '#server/sandbox/store'
