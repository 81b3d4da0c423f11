/// Names that may have been meant by a mistyped word: of a subcommand, of a key in a file.
enum NearestName {
    /// The name that `word` may have been meant to be: with at most two letters wrong and more of them right, or its begin.
    static func nearest(to word: String, among names: [String]) -> String? {
        let candidates = names.map { (name: $0, distance: $0.hasPrefix(word) ? 0 : distance(from: word, to: $0)) }
        let nearest = candidates.min { $0.distance < $1.distance }
        return nearest.flatMap { $0.distance <= 2 && 2 * $0.distance < word.count ? $0.name : nil }
    }

    /// How many letters must be added, left out, replaced or exchanged with the next one to make one word of the other.
    private static func distance(from one: String, to other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        // Row i has the distance of the first i letters to each begin of `other`.
        var rows = [Array(0...other.count)]
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var least = min(rows[i][j] + (one[i] == other[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
