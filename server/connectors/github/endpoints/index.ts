export * from './alerts'
export * from './discovery'
export * from './organization'
export * from './repository'
