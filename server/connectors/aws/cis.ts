/** CIS AWS Foundations Benchmark, in the two versions that are in use: the numbers moved between them. */
export function cis(five: readonly string[], seven: readonly string[]) {
  return [{ benchmark: 'CIS AWS Foundations 5.0.0', ids: five }, { benchmark: 'CIS AWS Foundations 7.0.0', ids: seven }] as const
}
