public import NIOCore

/// How long a face lives: FacePersistency of NFD's FaceMgmt.
package enum FacePersistency {
    /// Until it is destroyed, or its connection fails.
    package static let persistent: UInt64 = 0
    /// Until its peer leaves: what listeners make.
    package static let onDemand: UInt64 = 1
    /// Whatever becomes of its connection, which is made again, until it is destroyed.
    package static let permanent: UInt64 = 2
}

/// ControlParameters of an NFD management command (docs/protocol.md 8.4).
///
/// Every field is optional here; which of them a command needs or allows is that command's affair.
public struct ControlParameters: Equatable, Sendable {
    /// The prefix of a route, or the namespace of a strategy.
    public var name: Name?
    /// The forwarder's number of a face. In a route command nil or 0 is the face that the command comes over.
    public var faceID: UInt64?
    /// The remote end of a face to be made, its address numeric, such as `udp4://192.0.2.1:6363`; see
    /// `FaceURI.canonical()`.
    public var uri: String?
    /// The forwarder's own end of a face.
    public var localURI: String?
    /// Who registers a route, a number of ``RouteOrigin``; nil counts as 0, a program.
    public var origin: UInt64?
    /// Cost of a route: the lowest is preferred; nil counts as 0.
    public var cost: UInt64?
    /// Packets that the forwarder's content store holds at most.
    public var capacity: UInt64?
    /// Packets to be erased from the content store, or that were erased.
    public var count: UInt64?
    /// Of a route the bits of ``RouteFlags``, where nil counts as 1; of a face those that ``mask`` selects.
    public var flags: UInt64?
    /// Which bits of ``flags`` a command about a face changes; it goes with them.
    public var mask: UInt64?
    /// The forwarding strategy of a namespace: `/localhost/nfd/strategy/best-route/v=5`.
    public var strategy: Name?
    /// Milliseconds.
    public var expirationPeriod: UInt64?
    /// 0 persistent, 1 on demand, 2 permanent.
    public var facePersistency: UInt64?
    /// Nanoseconds.
    public var baseCongestionMarkingInterval: UInt64?
    /// Octets.
    public var defaultCongestionThreshold: UInt64?
    /// Octets of the largest packet that the face sends as it is.
    public var mtu: UInt64?

    /// Parameters with a name or none, and nothing else.
    public init(name: Name? = nil) {
        self.name = name
    }

    /// The number fields in the order NFD writes them after Name, FaceId, Uri and LocalUri. Strategy stands between Mask
    /// and ExpirationPeriod.
    private static var numbers: [(type: UInt32, field: WritableKeyPath<Self, UInt64?>)] {
        [
            (NFDType.origin, \.origin), (NFDType.cost, \.cost), (NFDType.capacity, \.capacity),
            (NFDType.count, \.count),
            (NFDType.flags, \.flags), (NFDType.mask, \.mask), (NFDType.expirationPeriod, \.expirationPeriod),
            (NFDType.facePersistency, \.facePersistency),
            (NFDType.baseCongestionMarkingInterval, \.baseCongestionMarkingInterval),
            (NFDType.defaultCongestionThreshold, \.defaultCongestionThreshold), (NFDType.mtu, \.mtu),
        ]
    }

    /// Reads a ControlParameters element. Fields may come in any order; unknown ones are ignored, as NFD does.
    public init(decoding element: ByteBuffer) throws(WireError) {
        try self.init(fields: TLVElement.unwrap(NFDType.controlParameters, from: element))
    }

    init(fields: TLVReader) throws(WireError) {
        var reader = fields
        while let element = try reader.next() {
            switch element.type {
            case NFDType.name: name = try Name(value: element.value)
            case NFDType.faceID: faceID = try element.number()
            case NFDType.uri: uri = element.value.text
            case NFDType.localURI: localURI = element.value.text
            case NFDType.strategy:
                var inside = element.children
                guard let name = try inside.next(), name.type == NFDType.name else { throw .invalid }
                strategy = try Name(value: name.value)
            default:
                guard let known = Self.numbers.first(where: { $0.type == element.type }) else { continue }
                self[keyPath: known.field] = try element.number()
            }
        }
    }

    /// The element, in NFD's field order.
    public func encode() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeTLV(type: NFDType.controlParameters) { inside in
            name?.encode(into: &inside)
            if let faceID { inside.writeTLV(type: NFDType.faceID, number: faceID) }
            if let uri { inside.writeTLV(type: NFDType.uri, bytes: uri.utf8) }
            if let localURI { inside.writeTLV(type: NFDType.localURI, bytes: localURI.utf8) }
            for (type, field) in Self.numbers {
                if type == NFDType.expirationPeriod, let strategy {
                    inside.writeTLV(type: NFDType.strategy) { strategy.encode(into: &$0) }
                }
                if let number = self[keyPath: field] { inside.writeTLV(type: type, number: number) }
            }
        }
        return buffer
    }
}
