public import NIOCore

/// Who registered a route (ndn-cxx `encoding/nfd-constants.hpp`).
public enum RouteOrigin {
    /// A program, and the default.
    public static let application: UInt64 = 0
    /// NFD passes routes of this origin on to its routing daemon (docs/protocol.md 8.4).
    public static let client: UInt64 = 65
    /// An operator, by hand; `registry-ndn register` registers so.
    public static let staticRoute: UInt64 = 255
}

/// Bits of a route's Flags.
public struct RouteFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The route serves longer prefixes too.
    public static let childInherit = RouteFlags(rawValue: 1)
    /// Routes of shorter prefixes end here.
    public static let capture = RouteFlags(rawValue: 2)
}

/// One entry of the dataset `rib/list` (docs/protocol.md 8.6).
public struct RibEntry: Equatable, Sendable {
    /// A way to a prefix.
    public struct Route: Equatable, Sendable {
        /// The forwarder's number of the face that the route leads to.
        public var faceID: UInt64
        /// Who registered it, a number of ``RouteOrigin``.
        public var origin: UInt64
        /// Its cost; the lowest is preferred.
        public var cost: UInt64
        /// Whether it serves longer prefixes, and ends routes of shorter ones.
        public var flags: RouteFlags
        /// Milliseconds left; nil: as long as the face.
        public var expirationPeriod: UInt64?

        /// A route.
        ///
        /// - Parameters:
        ///   - faceID: the forwarder's number of the face.
        ///   - origin: a number of ``RouteOrigin``.
        ///   - cost: the lowest is preferred.
        ///   - flags: by default the route serves longer prefixes too.
        ///   - expirationPeriod: milliseconds left; nil: as long as the face.
        public init(
            faceID: UInt64, origin: UInt64 = 0, cost: UInt64 = 0, flags: RouteFlags = .childInherit,
            expirationPeriod: UInt64? = nil
        ) {
            self.faceID = faceID
            self.origin = origin
            self.cost = cost
            self.flags = flags
            self.expirationPeriod = expirationPeriod
        }
    }

    /// The prefix.
    public var name: Name
    /// All ways to it.
    public var routes: [Route]

    /// The ways to a prefix.
    public init(name: Name, routes: [Route]) {
        self.name = name
        self.routes = routes
    }

    /// Reads the reassembled content of `rib/list`.
    public static func decodeList(_ content: ByteBuffer) throws(WireError) -> [RibEntry] {
        var reader = TLVReader(content)
        var entries: [RibEntry] = []
        while let element = try reader.next() {
            guard element.type == NFDType.ribEntry else { throw .invalid }
            entries.append(try RibEntry(fields: element.children))
        }
        return entries
    }

    private init(fields: TLVReader) throws(WireError) {
        var reader = fields
        guard let first = try reader.next(), first.type == NFDType.name else { throw .invalid }
        name = try Name(value: first.value)
        routes = []
        while let element = try reader.next() {
            if element.type == NFDType.route { routes.append(try Route(fields: element.children)) }
        }
    }

    /// Appends the element.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: NFDType.ribEntry) { inside in
            name.encode(into: &inside)
            for route in routes { route.encode(into: &inside) }
        }
    }
}

extension RibEntry.Route {
    fileprivate init(fields: TLVReader) throws(WireError) {
        let parameters = try ControlParameters(fields: fields)
        guard let faceID = parameters.faceID, let origin = parameters.origin, let cost = parameters.cost,
            let flags = parameters.flags
        else { throw .invalid }
        self.init(
            faceID: faceID, origin: origin, cost: cost, flags: RouteFlags(rawValue: flags),
            expirationPeriod: parameters.expirationPeriod)
    }

    fileprivate func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: NFDType.route) { inside in
            inside.writeTLV(type: NFDType.faceID, number: faceID)
            inside.writeTLV(type: NFDType.origin, number: origin)
            inside.writeTLV(type: NFDType.cost, number: cost)
            inside.writeTLV(type: NFDType.flags, number: flags.rawValue)
            if let expirationPeriod { inside.writeTLV(type: NFDType.expirationPeriod, number: expirationPeriod) }
        }
    }
}
