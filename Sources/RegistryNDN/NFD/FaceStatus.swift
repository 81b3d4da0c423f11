public import NIOCore

/// One entry of the dataset `faces/list` (ndn-cxx `mgmt/nfd/face-status.hpp`).
public struct FaceStatus: Equatable, Sendable {
    /// The forwarder's number of the face.
    public var faceID: UInt64 = 0
    /// The peer's URI, its address numeric; for a Unix socket `fd://` and a number.
    public var remoteURI = ""
    /// The forwarder's own end, likewise.
    public var localURI = ""
    /// Milliseconds until an idle face is closed.
    public var expirationPeriod: UInt64?
    /// Whether `/localhost` is reachable over the face.
    public var isLocal = false
    /// 0 persistent, 1 on-demand, 2 permanent.
    public var persistency: UInt64 = 0
    /// 0 point-to-point, 1 multi-access, 2 ad hoc.
    public var linkType: UInt64 = 0
    /// Octets of the largest packet that the face sends as it is; nil when there is no bound.
    public var mtu: UInt64?
    /// Interests that the forwarder received.
    public var inInterests: UInt64 = 0
    /// Data packets that it received.
    public var inData: UInt64 = 0
    /// Network Nacks that it received.
    public var inNacks: UInt64 = 0
    /// Interests that it sent.
    public var outInterests: UInt64 = 0
    /// Data packets that it sent.
    public var outData: UInt64 = 0
    /// Network Nacks that it sent.
    public var outNacks: UInt64 = 0
    /// Octets that it received; NFD counts those of the link headers too.
    public var inBytes: UInt64 = 0
    /// Octets that it sent; NFD counts those of the link headers too.
    public var outBytes: UInt64 = 0
    /// Bits of the face: 1 local fields, 2 reliability, 4 congestion marking.
    public var flags: UInt64 = 0
    /// Whether the peer answers what is sent to it as a next hop; `registry-ndn forwarder` alone tells, and only of faces that are one.
    public var health: Health?

    /// Whether a next hop answers.
    public enum Health: UInt64, Sendable, CustomStringConvertible {
        /// Nothing has come back yet, and nothing is overdue.
        case untried = 0
        /// What was sent there has been answered.
        case answers = 1
        /// It was sent something, and nothing has come for longer than an answer takes.
        case silent = 2
        /// There is no connection to it, or its host says that no program listens.
        case down = 3
        /// It has refused, by a Nack, what another next hop may have, and has brought no Data of that prefix since.
        case refuses = 4

        public var description: String {
            switch self {
            case .untried: "untried"
            case .answers: "answers"
            case .silent: "silent"
            case .down: "down"
            case .refuses: "refuses"
            }
        }
    }

    /// An entry with all numbers 0 and no URIs.
    public init() {}

    /// The number fields that always follow the optional Mtu, in ndn-cxx's order, which its decoder insists on.
    private static var counters: [(type: UInt32, field: WritableKeyPath<Self, UInt64>)] {
        [
            (NFDType.inInterests, \.inInterests), (NFDType.inData, \.inData), (NFDType.inNacks, \.inNacks),
            (NFDType.outInterests, \.outInterests), (NFDType.outData, \.outData), (NFDType.outNacks, \.outNacks),
            (NFDType.inBytes, \.inBytes), (NFDType.outBytes, \.outBytes), (NFDType.flags, \.flags),
        ]
    }

    /// Reads the reassembled content of `faces/list`.
    public static func decodeList(_ content: ByteBuffer) throws(WireError) -> [FaceStatus] {
        var reader = TLVReader(content)
        var faces: [FaceStatus] = []
        while let element = try reader.next() {
            guard element.type == NFDType.faceStatus else { throw .invalid }
            faces.append(try FaceStatus(fields: element.children))
        }
        return faces
    }

    private init(fields: TLVReader) throws(WireError) {
        var reader = fields
        while let element = try reader.next() {
            switch element.type {
            case NFDType.faceID: faceID = try element.number()
            case NFDType.uri: remoteURI = element.value.text
            case NFDType.localURI: localURI = element.value.text
            case NFDType.expirationPeriod: expirationPeriod = try element.number()
            case NFDType.faceScope: isLocal = try element.number() == 1
            case NFDType.facePersistency: persistency = try element.number()
            case NFDType.linkType: linkType = try element.number()
            case NFDType.mtu: mtu = try element.number()
            case NFDType.health: health = Health(rawValue: try element.number())
            default:
                guard let known = Self.counters.first(where: { $0.type == element.type }) else { continue }
                self[keyPath: known.field] = try element.number()
            }
        }
    }

    /// Appends the element.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: NFDType.faceStatus) { inside in
            inside.writeTLV(type: NFDType.faceID, number: faceID)
            inside.writeTLV(type: NFDType.uri, bytes: remoteURI.utf8)
            inside.writeTLV(type: NFDType.localURI, bytes: localURI.utf8)
            if let expirationPeriod { inside.writeTLV(type: NFDType.expirationPeriod, number: expirationPeriod) }
            inside.writeTLV(type: NFDType.faceScope, number: isLocal ? 1 : 0)
            inside.writeTLV(type: NFDType.facePersistency, number: persistency)
            inside.writeTLV(type: NFDType.linkType, number: linkType)
            if let mtu { inside.writeTLV(type: NFDType.mtu, number: mtu) }
            for (type, field) in Self.counters { inside.writeTLV(type: type, number: self[keyPath: field]) }
            // Behind all others: ndn-cxx reads the fields in their order, and ends with Flags.
            if let health { inside.writeTLV(type: NFDType.health, number: health.rawValue) }
        }
    }
}
