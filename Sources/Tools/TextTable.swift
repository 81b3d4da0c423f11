#if canImport(Glibc)
    import Glibc
#endif

/// What people and scripts read: a header, then a line each; columns as wide as their widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header]
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    var text: String {
        var widths = rows[0].map { _ in 0 }
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    func print() {
        Output.write(text)
    }
}

/// What a command gives, on stdout.
enum Output {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { octets in
            var start = 0
            while start < octets.count {
                let written = unsafe Glibc.write(
                    STDOUT_FILENO, octets.baseAddress.map { unsafe $0 + start }, octets.count - start)
                if written < 0 && errno != EINTR { return }
                start += max(0, written)
            }
        }
    }
}
