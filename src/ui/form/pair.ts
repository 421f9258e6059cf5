/** A key and its value, as typed. */
export type Pair = readonly [key: string, value: string];

/** The pairs that have a key, and nothing around it. */
export function filled(pairs: readonly Pair[]): Pair[] {
  return pairs
    .map(([key, value]): Pair => [key.trim(), value.trim()])
    .filter(([key]) => key !== '');
}
