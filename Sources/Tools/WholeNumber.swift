import ArgumentParser

/// A whole number on the command line, or in a variable, that must lie within bounds.
enum WholeNumber {
    /// What reads an option's value; it throws `ValidationError` with what is accepted.
    static func within(_ bounds: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let number = Int(text) else {
                let digits = text.drop { $0 == "-" }
                let isNumber =
                    !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                throw refusal(
                    text, isNumber ? "is too \(text.hasPrefix("-") ? "small" : "large")" : "is no whole number", bounds)
            }
            if number < 0 && bounds.lowerBound >= 0 { throw refusal(text, "is negative", bounds) }
            guard number >= bounds.lowerBound else { throw refusal(text, "is too small", bounds) }
            guard number <= bounds.upperBound else { throw refusal(text, "is too large", bounds) }
            return number
        }
    }

    private static func refusal(_ text: String, _ what: String, _ bounds: ClosedRange<Int>) -> ValidationError {
        ValidationError("\(text) \(what): write \(words(bounds))")
    }

    fileprivate static func words(_ bounds: ClosedRange<Int>) -> String {
        bounds.upperBound == .max
            ? "a whole number, \(bounds.lowerBound) or more"
            : "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
    }
}

extension ArgumentHelp {
    /// For an option that takes a whole number.
    ///
    /// - Parameter usual: What it is without the option; nil where the abstract says it.
    static func number(_ abstract: String, _ bounds: ClosedRange<Int>, usually usual: Int? = nil) -> ArgumentHelp {
        let usual = usual.map { " (default: \($0))" } ?? ""
        let words = WholeNumber.words(bounds)
        return ArgumentHelp(
            "\(abstract) \(words.prefix(1).uppercased() + words.dropFirst()).\(usual)", valueName: "number")
    }
}
