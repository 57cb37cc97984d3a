export * from '#server/sandbox/stand-in'
