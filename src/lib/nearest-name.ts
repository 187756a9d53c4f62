/** The names closest to one that is not known, for messages of the form "did you mean". */

/** Longer names are compared by their beginnings: the cost stays bounded whatever a client sends. */
const COMPARED_CHARS = 96

/**
 * Up to `limit` of the `known` names by edit distance (Levenshtein, case ignored), the closest first, names at equal distance in
 * alphabetical order. Never empty if `known` is not and `limit` is at least 1.
 */
export function nearestNames(name: string, known: Iterable<string>, limit: number): string[] {
  if (limit < 1) return []
  const wanted = fold(name)
  const best: { name: string; distance: number }[] = []
  for (const candidate of new Set(known)) {
    const worst = best.length < limit ? Infinity : best[best.length - 1]!.distance
    const distance = boundedDistance(wanted, fold(candidate), worst)
    if (distance > worst) continue
    const entry = { name: candidate, distance }
    const at = best.findIndex((other) => isBefore(entry, other))
    best.splice(at === -1 ? best.length : at, 0, entry)
    if (best.length > limit) best.pop()
  }
  return best.map((entry) => entry.name)
}

function fold(name: string): string {
  return name.slice(0, COMPARED_CHARS).toLowerCase()
}

function isBefore(a: { name: string; distance: number }, b: { name: string; distance: number }): boolean {
  return a.distance < b.distance || (a.distance === b.distance && a.name < b.name)
}

/** The distance, or any number above `bound` as soon as it is certain to be above. */
function boundedDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return Infinity
  let previous = Uint16Array.from({ length: b.length + 1 }, (_, column) => column)
  let current = new Uint16Array(b.length + 1)
  for (let row = 1; row <= a.length; row++) {
    current[0] = row
    let least = row
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a.charCodeAt(row - 1) === b.charCodeAt(column - 1) ? 0 : 1)
      const distance = Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1)
      current[column] = distance
      least = Math.min(least, distance)
    }
    if (least > bound) return Infinity
    ;[previous, current] = [current, previous]
  }
  return previous[b.length]!
}
