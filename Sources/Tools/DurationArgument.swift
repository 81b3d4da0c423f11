import ArgumentParser
import NIOCore

/// A duration on the command line, `10m`, `500ms`, `1h30m`, `90`: numbers with units, which add up, or a number of seconds.
struct DurationArgument: CustomStringConvertible, Sendable {
    let amount: TimeAmount

    init(_ amount: TimeAmount) {
        self.amount = amount
    }

    private static let units = UnitNumber.Units([
        ["us", "µs"]: 1_000, ["ms"]: 1_000_000, ["s", "sec"]: 1_000_000_000, ["m", "min"]: 60_000_000_000,
        ["h"]: 3_600_000_000_000, ["d"]: 86_400_000_000_000,
    ])

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> DurationArgument {
        guard let nanoseconds = UnitNumber.total(of: text, units, otherwise: 1_000_000_000, isSum: true) else {
            throw ValidationError(
                "\"\(text)\" is not a duration: write a number of seconds, or numbers with units, ms, s, m, h or d, such as 500ms, "
                    + "90s or 1h30m")
        }
        return DurationArgument(.nanoseconds(Int64(nanoseconds)))
    }

    /// The largest units that leave nothing over.
    var description: String {
        var rest = amount.nanoseconds
        var text = ""
        for (suffix, unit) in [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
        ] as [(String, Int64)] where rest >= unit {
            text += "\(rest / unit)\(suffix)"
            rest %= unit
        }
        return text.isEmpty ? "0s" : text
    }
}

extension ArgumentHelp {
    /// For an option that takes a duration.
    ///
    /// - Parameter usual: What it is without the option; nil where the abstract says it.
    static func duration(_ abstract: String, usually usual: DurationArgument? = nil) -> ArgumentHelp {
        let usual = usual.map { " (default: \($0))" } ?? ""
        return ArgumentHelp(
            "\(abstract) A duration as 500ms, 90s, 10m or 1h30m; a number alone is seconds.\(usual)",
            valueName: "duration")
    }
}
