/**
 * Rows under the sort keys of older versions, which kept a row of round 3 under `tally#3#…` and
 * `certified#3`. Can be deleted when no table has such rows any more. Pure.
 */

/** @param {string} sk @returns {string} the sort key that the row has today */
export function currentSortKey(sk) {
  const [, kind, round = '', rest = ''] = /^(tally|certified)#(\d+)(#.+)?$/.exec(sk) ?? [];
  return kind ? `${round.padStart(5, '0')}#${kind}${rest}` : sk;
}
