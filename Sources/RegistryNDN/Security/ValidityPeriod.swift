public import NIOCore

/// When a certificate counts: two moments of whole seconds, both included (docs/protocol.md 6.1).
public struct ValidityPeriod: Hashable, Sendable {
    private static let notBeforeType: UInt32 = 254
    private static let notAfterType: UInt32 = 255

    /// Seconds since 1970, UTC, from year 0 to year 9999.
    public let notBefore: Int64
    /// The last second that counts: likewise, since 1970, UTC.
    public let notAfter: Int64

    /// A period of whole seconds since 1970, UTC; what lies outside of years 0 to 9999 is moved to their ends.
    public init(notBefore: Int64, notAfter: Int64) {
        let years = CalendarTime.first...CalendarTime.last
        self.notBefore = min(max(notBefore, years.lowerBound), years.upperBound)
        self.notAfter = min(max(notAfter, years.lowerBound), years.upperBound)
    }

    /// Reads the value of a ValidityPeriod element.
    public init(value: ByteBuffer) throws(WireError) {
        var reader = TLVReader(value)
        var moments: [Int64] = []
        while let element = try reader.next() {
            let expected = moments.isEmpty ? Self.notBeforeType : Self.notAfterType
            if element.type == expected, moments.count < 2 {
                guard let time = CalendarTime.parse(element.value.readableBytesView) else { throw .invalid }
                moments.append(time)
            } else if element.isCritical {
                throw .invalid
            }
        }
        guard moments.count == 2 else { throw .invalid }
        self.init(notBefore: moments[0], notAfter: moments[1])
    }

    /// The value of the ValidityPeriod element.
    public func encode() -> ByteBuffer {
        var value = ByteBuffer()
        value.writeTLV(type: Self.notBeforeType, bytes: CalendarTime.format(notBefore).utf8)
        value.writeTLV(type: Self.notAfterType, bytes: CalendarTime.format(notAfter).utf8)
        return value
    }

    /// Whether a moment in milliseconds since 1970 lies inside.
    public func contains(_ milliseconds: UInt64) -> Bool {
        let seconds = Int64(milliseconds / 1000)
        return notBefore <= seconds && seconds <= notAfter
    }
}
