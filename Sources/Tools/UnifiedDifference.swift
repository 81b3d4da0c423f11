/// What a file would be changed to, as `diff -u` shows it.
enum UnifiedDifference {
    /// Lines that are shown around a change.
    private static let context = 3

    /// - Parameters:
    ///   - before: nil for a file that is not there.
    ///   - after: nil for one that is removed.
    static func text(of path: String, before: String?, after: String?) -> String {
        let steps = steps(from: lines(before ?? ""), to: lines(after ?? ""))
        var text = "--- \(before == nil ? "/dev/null" : path)\n+++ \(after == nil ? "/dev/null" : path)\n"
        for hunk in hunks(steps) { text += written(steps, hunk) }
        return text
    }

    private enum Step: Equatable {
        case keep(Substring)
        case remove(Substring)
        case add(Substring)
    }

    /// Each with its line feed, which the last may not have.
    private static func lines(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        var start = text.utf8.startIndex
        while let end = text.utf8[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let next = text.utf8.index(after: end)
            lines.append(text[start..<next])
            start = next
        }
        if start < text.utf8.endIndex { lines.append(text[start...]) }
        return lines
    }

    private static func steps(from old: [Substring], to new: [Substring]) -> [Step] {
        let difference = new.difference(from: old) { $0.utf8.elementsEqual($1.utf8) }
        var removed = Set<Int>()
        var added = Set<Int>()
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var steps: [Step] = []
        var (here, there) = (0, 0)
        while here < old.count || there < new.count {
            if here < old.count, removed.contains(here) {
                steps.append(.remove(old[here]))
                here += 1
            } else if there < new.count, added.contains(there) {
                steps.append(.add(new[there]))
                there += 1
            } else {
                steps.append(.keep(old[here]))
                (here, there) = (here + 1, there + 1)
            }
        }
        return steps
    }

    /// Ranges of steps with a change and what is shown around it.
    private static func hunks(_ steps: [Step]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, step) in steps.enumerated() {
            if case .keep = step { continue }
            let around = max(0, index - context)..<min(steps.count, index + context + 1)
            if let last = hunks.last, last.upperBound >= around.lowerBound {
                hunks[hunks.count - 1] = last.lowerBound..<around.upperBound
            } else {
                hunks.append(around)
            }
        }
        return hunks
    }

    private static func written(_ steps: [Step], _ hunk: Range<Int>) -> String {
        func count(_ range: Range<Int>) -> (old: Int, new: Int) {
            steps[range].reduce(into: (0, 0)) { counts, step in
                switch step {
                case .keep: counts = (counts.0 + 1, counts.1 + 1)
                case .remove: counts.0 += 1
                case .add: counts.1 += 1
                }
            }
        }
        let (before, here) = (count(0..<hunk.lowerBound), count(hunk))
        func place(_ lines: Int, _ length: Int) -> String {
            // Of nothing the line before is named, as `diff` does.
            "\(length == 0 ? lines : lines + 1)" + (length == 1 ? "" : ",\(length)")
        }
        var text = "@@ -\(place(before.old, here.old)) +\(place(before.new, here.new)) @@\n"
        for step in steps[hunk] {
            let (mark, line) =
                switch step {
                case .keep(let line): (" ", line)
                case .remove(let line): ("-", line)
                case .add(let line): ("+", line)
                }
            text += mark + line + (line.utf8.last == UInt8(ascii: "\n") ? "" : "\n\\ No newline at end of file\n")
        }
        return text
    }
}
