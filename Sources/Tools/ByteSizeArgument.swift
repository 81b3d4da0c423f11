import ArgumentParser

/// A size on the command line: a whole number of octets with an optional unit, `64MiB`, `500kB`, `4096`.
struct ByteSizeArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let octets: Int

    init(octets: Int) {
        self.octets = octets
    }

    init?(argument: String) {
        let units: [(suffix: String, octets: Int)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("B", 1), ("", 1),
        ]
        for unit in units where argument.hasSuffix(unit.suffix) {
            guard let number = Int(argument.dropLast(unit.suffix.count)), number >= 0 else { continue }
            let (octets, overflow) = number.multipliedReportingOverflow(by: unit.octets)
            guard !overflow else { return nil }
            self.octets = octets
            return
        }
        return nil
    }

    var description: String {
        for (suffix, unit) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        where octets >= unit && octets % unit == 0 {
            return "\(octets / unit)\(suffix)"
        }
        return "\(octets)B"
    }

    var defaultValueDescription: String { description }
}
