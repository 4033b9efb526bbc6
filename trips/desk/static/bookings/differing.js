// Pure.

/** What of `now` differs from `before`, field by field; both hold JSON values. */
export function differing(before, now) {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}
