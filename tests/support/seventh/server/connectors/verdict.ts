export * from '#server/connectors/verdict'
