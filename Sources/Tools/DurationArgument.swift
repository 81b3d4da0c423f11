import ArgumentParser
import NIOCore

/// A duration on the command line: a whole number and a unit, `10m`, `500ms`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let amount: TimeAmount

    init(_ amount: TimeAmount) {
        self.amount = amount
    }

    init?(argument: String) {
        let units: [(suffix: String, nanoseconds: Int64)] = [
            ("ms", 1_000_000), ("us", 1_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ]
        for unit in units where argument.hasSuffix(unit.suffix) {
            guard let number = Int64(argument.dropLast(unit.suffix.count)), number >= 0 else { continue }
            let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
            guard !overflow else { return nil }
            self.amount = .nanoseconds(nanoseconds)
            return
        }
        return nil
    }

    var description: String {
        let milliseconds = amount.nanoseconds / 1_000_000
        if milliseconds > 0, milliseconds % 60_000 == 0 { return "\(milliseconds / 60_000)m" }
        if milliseconds % 1000 == 0 { return "\(milliseconds / 1000)s" }
        return "\(milliseconds)ms"
    }

    var defaultValueDescription: String { description }
}
