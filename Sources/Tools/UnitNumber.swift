/// Numbers with units, as people write sizes and durations.
enum UnitNumber {
    /// What a unit is worth, by each of its spellings.
    struct Units: Sendable {
        fileprivate let values: [String: Int]

        init(_ units: [[String]: Int]) {
            values = Dictionary(uniqueKeysWithValues: units.flatMap { names, value in names.map { ($0, value) } })
        }
    }

    /// What `text` comes to; nil when it is no such number, or a larger one than is counted here.
    ///
    /// - Parameters:
    ///   - otherwise: what a number without a unit is worth one of; none stands beside others.
    ///   - isSum: whether several numbers with units may follow each other.
    static func total(of text: String, _ units: Units, otherwise: Int, isSum: Bool) -> Int? {
        var rest = text[...]
        var total = 0
        var count = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count).drop { $0 == " " }
            let unit = rest.prefix { !($0.isASCII && $0.isNumber || $0 == "." || $0 == " ") }
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            count += 1
            let isAlone = count == 1 && rest.isEmpty
            guard isSum || isAlone, let value = unit.isEmpty && isAlone ? otherwise : units.values[String(unit)],
                let product = product(number, value)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(product)
            guard !overflow else { return nil }
            total = sum
        }
        return count == 0 ? nil : total
    }

    /// A decimal number times a unit, rounded down.
    private static func product(_ number: Substring, _ unit: Int) -> Int? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow, parts.count == 2 else { return overflow ? nil : product }
        guard !parts[1].isEmpty, let fraction = Double("0.\(parts[1])") else { return nil }
        let (sum, isTooLarge) = product.addingReportingOverflow(Int(fraction * Double(unit)))
        return isTooLarge ? nil : sum
    }
}
