export * from '#server/sandbox/kit/client-authentication'
