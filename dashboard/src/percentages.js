/**
 * Whole percentages of counts. Pure.
 */

/**
 * Whole percentages that sum to 100, by largest remainder; all 0 where nobody voted. Equal
 * counts get equal percentages where that is possible without putting fewer votes above
 * more: a tie that reads 39 to 38 would look like a lie. Else ballot order decides.
 * @param {number[]} counts
 */
export function percentages(counts) {
  const total = counts.reduce((all, count) => all + count, 0);
  if (total === 0) return counts.map(() => 0);
  const whole = counts.map((count) => Math.floor((count * 100) / total));
  const missing = 100 - whole.reduce((all, share) => all + share, 0);
  const left = (/** @type {number} */ count) => (count * 100) % total;
  const levels = [...new Set(counts)].sort((a, b) => left(b) - left(a) || b - a);
  const raised = raisedTogether(levels, counts, missing, left, whole);
  const places = counts.map((_, place) => place);
  const rank = (/** @type {number} */ place) => levels.indexOf(counts[place] ?? 0);
  const first = places.sort((a, b) => rank(a) - rank(b)).slice(0, missing); // stable: ballot order
  return whole.map((share, place) => {
    const up = raised ? raised.has(counts[place] ?? 0) : first.includes(place);
    return up ? share + 1 : share;
  });
}

/**
 * The levels of votes to round up so that `missing` points are given to whole levels, those
 * with the largest remainders first; null where there is no such choice. At most 2^12 tries.
 * @param {number[]} levels
 * @param {number[]} counts
 * @param {number} missing
 * @param {(count: number) => number} left
 * @param {number[]} whole
 */
function raisedTogether(levels, counts, missing, left, whole) {
  /** @type {{levels: Set<number>, worth: number} | null} */
  let best = null;
  for (let bits = 0; bits < 2 ** levels.length; bits += 1) {
    const chosen = new Set(levels.filter((_, i) => bits & (1 << i)));
    const up = counts.filter((count) => chosen.has(count));
    const worth = up.reduce((all, count) => all + left(count), 0);
    if (up.length !== missing || (best && worth <= best.worth)) continue;
    const shares = counts.map((count, i) => ({ count, share: (whole[i] ?? 0) + Number(chosen.has(count)) }));
    const fair = shares.every((a) => shares.every((b) => a.count <= b.count || a.share >= b.share));
    if (fair) best = { levels: chosen, worth };
  }
  return best?.levels ?? null;
}
