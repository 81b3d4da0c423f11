/// A TOML 1.0 text, each key and each value with its place in it.
///
/// All of TOML is read, but for dates and times, which no option takes: those are refused in words. What TOML forbids is refused
/// with its place, never misread.
struct TOMLDocument: Hashable, Sendable {
    /// What is wrong with a text, and where.
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let place: TextPlace
        let why: String

        /// As it follows the name of the file: one line, whatever the keys are that it names.
        var description: String {
            let shown = why.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
            return "\(place): \(String(String.UnicodeScalarView(shown)))"
        }
    }

    /// A value and where it begins.
    struct Item: Hashable, Sendable {
        let place: TextPlace
        let value: Value
    }

    indirect enum Value: Hashable, Sendable {
        case string(String)
        /// - Parameter text: as it is written, without underscores.
        case integer(Int64, text: String)
        case float(Double, text: String)
        case boolean(Bool)
        case array([Item])
        case table(Table)
        /// Of one or more `[[headers]]`.
        case tables([Table])
    }

    struct Table: Hashable, Sendable {
        /// Of its header, or of the key that made it.
        let place: TextPlace
        /// In the order of the text.
        var entries: [Entry] = []

        subscript(key: String) -> Entry? { entries.first { $0.key == key } }
    }

    struct Entry: Hashable, Sendable {
        let key: String
        /// Of the key; that of the value is the item's.
        let place: TextPlace
        let item: Item
    }

    /// What the keys before the first header and all headers make.
    let root: Table

    init(_ text: String) throws(Failure) {
        var builder = TOMLBuilder()
        var reader = TOMLReader(text)
        while let statement = try reader.statement() {
            switch statement {
            case .header(let path, let isArray): try builder.open(path, isArray: isArray)
            case .assignment(let path, let value): try builder.set(path, value)
            }
        }
        root = builder.document
    }
}

extension TOMLDocument.Value {
    /// For messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "a whole number"
        case .float: "a number"
        case .boolean: "true or false"
        case .array: "a list"
        case .table: "a table"
        case .tables: "a list of tables"
        }
    }
}

/// What an entry is, where only one kind is of use.
extension TOMLDocument.Entry {
    var string: String? {
        guard case .string(let string) = item.value else { return nil }
        return string
    }

    /// Those of a list; empty for anything else.
    var strings: [String] {
        guard case .array(let items) = item.value else { return [] }
        return items.compactMap { item in
            guard case .string(let string) = item.value else { return nil }
            return string
        }
    }

    var integer: Int? {
        guard case .integer(let integer, _) = item.value else { return nil }
        return Int(exactly: integer)
    }

    var table: TOMLDocument.Table? {
        guard case .table(let table) = item.value else { return nil }
        return table
    }

    /// Those of `[[headers]]`, or of a list; empty for anything else.
    var tables: [TOMLDocument.Table] {
        switch item.value {
        case .tables(let tables): return tables
        case .array(let items):
            return items.compactMap { item in
                guard case .table(let table) = item.value else { return nil }
                return table
            }
        default: return []
        }
    }
}
