export * from '#server/connectors/paging'
