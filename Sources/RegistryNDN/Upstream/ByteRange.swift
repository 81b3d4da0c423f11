package import NIOHTTP1

/// A range of bytes that an upstream is asked for, and the check of its answer.
package struct ByteRange: Hashable, Sendable {
    package let offset: UInt64
    /// Bytes, at least one; nil for all that follow.
    package let length: UInt64?

    package init(offset: UInt64, length: UInt64? = nil) {
        self.offset = offset
        self.length = length
    }

    /// Bytes that an answer must have, if more were asked for. A shorter answer than asked for is taken, and the rest asked for
    /// then; but a blob in tiny slices would never end.
    static let leastSlice: UInt64 = 65_536

    /// What a response head says about the range.
    package enum Verdict: Hashable, Sendable {
        /// A 206 with the begin of the range, all of it or at least 64 KiB: `length` bytes of a blob that has `total`.
        case partial(length: UInt64, total: UInt64)
        /// A 200 with the whole, because the upstream ignores ranges or has no more than was asked for.
        case whole(length: UInt64?)
        /// A 416: the whole ends before the range.
        case beyondEnd(total: UInt64?)
        /// Any other status.
        case refused(HTTPResponseStatus)
        /// An answer that contradicts itself or the request, and how.
        case invalid(String)
    }

    /// How an upstream fails to give a range of what it has; asked for the whole, it may well answer.
    enum Fault: Hashable, CustomStringConvertible {
        case ignored
        case refused(UInt)
        case contradiction(String)

        var description: String {
            switch self {
            case .ignored: "Range is ignored: 200 with all of the blob"
            case .refused(let status): "a Range is answered with \(status)"
            case .contradiction(let why): why
            }
        }
    }

    /// Whether a verdict says that the upstream does not do ranges, rather than that there is nothing to be had.
    func fault(_ verdict: Verdict) -> Fault? {
        switch verdict {
        case .partial: nil
        case .whole(let whole): offset > 0 || whole.map { length ?? .max < $0 } ?? true ? .ignored : nil
        case .beyondEnd(let total): total.map { $0 <= offset } ?? false ? nil : .refused(416)
        case .refused(let status): Self.refusals.contains(status) ? .refused(status.code) : nil
        case .invalid(let why): .contradiction(why)
        }
    }

    /// The statuses of upstreams that do not like the field Range. 403 may also mean that the client may not read at all; the
    /// request without Range then gets the same.
    private static let refusals: [HTTPResponseStatus] = [.badRequest, .forbidden, .methodNotAllowed, .notImplemented]

    /// The value of the Range field, or nil when the range is not one (RFC 9110 section 14.2).
    var field: String? {
        guard let length else { return "bytes=\(offset)-" }
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard length > 0, !overflow else { return nil }
        return "bytes=\(offset)-\(end - 1)"
    }

    /// Checks a response head against the range.
    package func check(_ head: HTTPResponseHead) -> Verdict {
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
            let fields = head.headers["content-range"].joined(separator: ", ")
            return .invalid(
                fields.isEmpty
                    ? "a 206 without a Content-Range"
                    : "a 206 with Content-Range \(fields.prefix(80)), which does not name first, last and total")
        }
        let asked = length.map { offset.addingReportingOverflow($0) }
        let end = asked.map { $0.overflow ? total : min($0.partialValue, total) } ?? total
        guard first == offset, last < end else {
            return .invalid("Content-Range \(first)-\(last)/\(total) though \(field ?? "nothing") was asked for")
        }
        let count = last - first + 1
        guard last == end - 1 || count >= Self.leastSlice else {
            return .invalid("only \(count) bytes though \(field ?? "nothing") was asked for")
        }
        if let announced = head.contentLength, announced != count {
            return .invalid("Content-Length \(announced) of a range of \(count) bytes")
        }
        return .partial(length: count, total: total)
    }

    private static func contentRange(_ head: HTTPResponseHead) -> ContentRange? {
        let fields = head.headers["content-range"]
        return fields.count == 1 ? ContentRange(fields[0]) : nil
    }
}
