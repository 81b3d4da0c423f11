import NIOCore

@testable import NDN
@testable import RegistryNDN

/// Packets of the forwarder's tests.
enum Packets {
    static func interest(
        _ uri: String, nonce: UInt32? = 1, canBePrefix: Bool = false, mustBeFresh: Bool = false,
        lifetime: UInt64? = nil, hopLimit: UInt8? = nil, hint: [String] = []
    ) throws -> Interest {
        var builder = InterestBuilder(name: try Name(uri: uri))
        builder.canBePrefix = canBePrefix
        builder.mustBeFresh = mustBeFresh
        builder.nonce = nonce
        builder.lifetimeMilliseconds = lifetime
        builder.hopLimit = hopLimit
        builder.forwardingHint = try hint.map { try Name(uri: $0) }
        return try Interest(decoding: try builder.encode())
    }

    static func data(_ uri: String, content: String = "content", freshness: UInt64 = 0) throws -> DataPacket {
        try data(Name(uri: uri), content: ByteBuffer(string: content), freshness: freshness)
    }

    static func data(_ name: Name, content: ByteBuffer, freshness: UInt64 = 0) throws -> DataPacket {
        var builder = DataBuilder(name: name, content: content)
        builder.freshnessMilliseconds = freshness
        return try DataPacket(decoding: try builder.encode(signer: .digest))
    }
}
