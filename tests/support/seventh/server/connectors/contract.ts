export * from '#server/connectors/contract'
