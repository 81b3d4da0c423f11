public import NIOHTTP1

/// A range asked from an upstream, and the check of what it answers.
public struct ByteRange: Hashable, Sendable {
    public let offset: UInt64
    /// At least one octet; nil for all that follow.
    public let length: UInt64?

    public init(offset: UInt64, length: UInt64? = nil) {
        self.offset = offset
        self.length = length
    }

    /// What a response head says about the range.
    public enum Verdict: Hashable, Sendable {
        /// Exactly the range, shorter only where the whole ends. `length` octets follow, of `total` in all.
        case partial(length: UInt64, total: UInt64)
        /// A 200: the whole follows from octet 0, because the upstream ignores ranges or has no more than was asked for.
        case whole(length: UInt64?)
        /// A 416: the whole ends before the range.
        case beyondEnd(total: UInt64?)
        /// Any other status.
        case refused(HTTPResponseStatus)
        /// The answer contradicts itself or the request; says how.
        case invalid(String)
    }

    /// The value of the Range field, or nil when the range is not one (RFC 9110 section 14.2).
    var field: String? {
        guard let length else { return "bytes=\(offset)-" }
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard length > 0, !overflow else { return nil }
        return "bytes=\(offset)-\(end - 1)"
    }

    /// Checks a response head against the range.
    public func check(_ head: HTTPResponseHead) -> Verdict {
        switch head.status {
        case .ok, .partialContent:
            if let coding = head.contentCoding {
                return .invalid("Content-Encoding \(coding) though identity was asked for")
            }
            return head.status == .ok ? .whole(length: head.contentLength) : checkPartial(head)
        case .rangeNotSatisfiable:
            guard case .unsatisfied(let total) = Self.contentRange(head) else { return .beyondEnd(total: nil) }
            return .beyondEnd(total: total)
        default: return .refused(head.status)
        }
    }

    private func checkPartial(_ head: HTTPResponseHead) -> Verdict {
        guard case .octets(let first, let last, let total?) = Self.contentRange(head) else {
            return .invalid("a 206 without a Content-Range that names first, last and total")
        }
        let asked = length.map { offset.addingReportingOverflow($0) }
        let end = asked.map { $0.overflow ? total : min($0.partialValue, total) } ?? total
        guard first == offset, end > 0, last == end - 1 else {
            return .invalid("Content-Range \(first)-\(last)/\(total) though \(field ?? "nothing") was asked for")
        }
        let count = last - first + 1
        if let announced = head.contentLength, announced != count {
            return .invalid("Content-Length \(announced) of a range of \(count) octets")
        }
        return .partial(length: count, total: total)
    }

    private static func contentRange(_ head: HTTPResponseHead) -> ContentRange? {
        let fields = head.headers["content-range"]
        return fields.count == 1 ? ContentRange(fields[0]) : nil
    }
}
