/// Metrics in the text format of Prometheus, version 0.0.4.
///
/// Families are written whole, one after another, as the format demands; the type only writes what it is given.
package struct MetricsText: Sendable {
    /// The value of the header field Content-Type.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A label of a sample: its name, and any text.
    package typealias Label = (name: String, value: String)

    /// One line of a family.
    package struct Sample: Sendable {
        let labels: [Label]
        let value: String

        package init(_ value: some BinaryInteger, _ labels: Label...) {
            self.labels = labels
            self.value = "\(value)"
        }

        package init(_ value: Double, _ labels: Label...) {
            self.labels = labels
            self.value = MetricsText.number(value)
        }

        /// 1 for true, 0 for false.
        package init(_ value: Bool, _ labels: Label...) {
            self.labels = labels
            self.value = value ? "1" : "0"
        }
    }

    /// All that was written; each line ends with a line feed.
    package private(set) var text = ""

    package init() {}

    /// Writes a family of values that only grow. Nothing is written of a family without samples.
    package mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
        write(name, "counter", help, samples)
    }

    /// Writes a family of values that go up and down. Nothing is written of a family without samples.
    package mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
        write(name, "gauge", help, samples)
    }

    /// Writes a family of histograms. Nothing is written of a family without histograms.
    package mutating func histogram(_ name: String, _ help: String, _ histograms: [(Histogram, [Label])]) {
        guard !histograms.isEmpty else { return }
        begin(name, "histogram", help)
        for (histogram, labels) in histograms {
            for (bound, count) in histogram.cumulative {
                line("\(name)_bucket", labels + [("le", Self.number(bound))], "\(count)")
            }
            line("\(name)_sum", labels, Self.number(histogram.sum))
            line("\(name)_count", labels, "\(histogram.count)")
        }
    }

    private mutating func write(_ name: String, _ kind: String, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        begin(name, kind, help)
        for sample in samples { line(name, sample.labels, sample.value) }
    }

    private mutating func begin(_ name: String, _ kind: String, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, isQuoted: false))\n# TYPE \(name) \(kind)\n"
    }

    private mutating func line(_ name: String, _ labels: [Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            let written = labels.map { "\($0.name)=\"\(Self.escaped($0.value, isQuoted: true))\"" }
            text += "{\(written.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    /// A text with backslashes and line feeds escaped, and in a label's value quotation marks too.
    private static func escaped(_ text: String, isQuoted: Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where isQuoted: escaped.append(contentsOf: "\\\"".unicodeScalars)
            default: escaped.append(character)
            }
        }
        return String(escaped)
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && value.magnitude < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
