import Foundation
import NIOCore
import Testing

/// One entry of Resources/vectors.json, the table of octets that other NDN implementations agree on.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let kind: String
    let hex: String
    let expect: JSONValue

    static let all: [Vector] = {
        let url = Bundle.module.url(forResource: "Resources/vectors", withExtension: "json")!
        return try! JSONDecoder().decode([Vector].self, from: Data(contentsOf: url))
    }()

    /// The vectors of some kinds, never none.
    static func of(_ kinds: String...) -> [Vector] {
        let vectors = all.filter { kinds.contains($0.kind) }
        precondition(kinds.allSatisfy { kind in vectors.contains { $0.kind == kind } })
        return vectors
    }

    static func named(_ id: String) -> Vector { all.first { $0.id == id }! }

    /// The octets.
    var wire: ByteBuffer { ByteBuffer(hex: hex) }

    var testDescription: String { id }
}

/// A JSON value that is looked into without a type of its own; what is missing reads as null.
enum JSONValue: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(UInt64)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(UInt64.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    subscript(key: String) -> JSONValue {
        if case .object(let object) = self { object[key] ?? .null } else { .null }
    }

    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var number: UInt64? { if case .number(let value) = self { value } else { nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var array: [JSONValue] { if case .array(let value) = self { value } else { [] } }
    var strings: [String] { array.compactMap(\.string) }
}

extension ByteBuffer {
    /// The octets of an even number of hex digits; placed in the middle of a larger buffer, where packets really are.
    init(hex: String) {
        let digits = Array(hex.utf8)
        var buffer = ByteBuffer(repeating: 0xEE, count: 3)
        for index in stride(from: 0, to: digits.count, by: 2) {
            buffer.writeInteger(UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)!)
        }
        buffer.writeRepeatingByte(0xEE, count: 3)
        buffer.moveReaderIndex(forwardBy: 3)
        buffer.moveWriterIndex(to: buffer.writerIndex - 3)
        self = buffer
    }

    /// Lower-case hex digits of the readable octets.
    var hex: String {
        readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
