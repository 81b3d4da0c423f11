import NDN
import NIOCore
import RegistryNDN

/// An operation that happens for every packet, with all it needs made beforehand.
struct HotPath: Sendable {
    let name: String
    /// Does it so many times; the sum depends on every result, so that nothing is left out.
    let run: @Sendable (_ count: Int) -> UInt64

    static let all: [HotPath] = [
        encodeInterest, decodeData, controllerStep, reassemble, layOut, sign, signPair, hash, signWithKey,
        verifyWithKey,
    ]
}

/// Chunk size of the default configuration.
private let chunk = 7777
private let prefix =
    (try? Name(uri: "/example/docker/library%2Falpine/" + String(repeating: "%5A", count: 32))) ?? Name()
/// Packets that a worker is given at once, by server and client.
private let batch = 8
private let payload = ByteBuffer(repeating: 0x5a, count: chunk)

/// The Data of a segment in the middle of a large blob.
private func segmentPacket() -> ByteBuffer {
    guard let layout = segmentLayout() else { return ByteBuffer() }
    var packet = ByteBuffer(repeating: 0, count: layout.size)
    var hasher = SHA256()
    unsafe packet.withUnsafeMutableReadableBytes { slot in
        unsafe layout.writeHeader(into: slot)
        unsafe layout.sign(slot, hasher: &hasher)
    }
    packet.setBuffer(payload, at: layout.payloadOffset)
    return packet
}

private func segmentLayout(_ trailer: SegmentTrailer? = nil) -> SegmentPacketLayout? {
    try? SegmentPacketLayout(
        prefix: prefix, segment: 1000, finalSegment: 100_000, payloadLength: chunk, freshnessMilliseconds: 86_400_000,
        trailer: trailer)
}

/// An ECDSA key, and how its packets end.
private let signing: (key: PrivateKey, trailer: SegmentTrailer)? = {
    guard let key = try? PrivateKey.generateP256(),
        let locator = try? Name(uri: "/example/docker/KEY/%01%02%03%04%05%06%07%08/self/v=1"),
        let trailer = SegmentTrailer(key, locator: locator)
    else { return nil }
    return (key, trailer)
}()

/// Hashes a packet, has it signed by the key, and completes it.
private func complete(
    _ packet: inout ByteBuffer, _ layout: SegmentPacketLayout, _ context: borrowing KeyContext, hasher: inout SHA256
) -> Bool {
    var isSigned = false
    unsafe packet.withUnsafeMutableReadableBytes { slot in
        let digest = unsafe layout.prepare(slot, hasher: &hasher)
        guard let signature = context.sign(digest) else { return }
        unsafe isSigned = layout.finish(slot, signature: signature)
    }
    return isSigned
}

extension HotPath {
    /// The client's: an Interest into the train that leaves next.
    private static let encodeInterest = HotPath(name: "encode Interest") { count in
        let interest = PreparedInterest(prefix: prefix)
        var train = ByteBufferAllocator().buffer(capacity: 4096)
        var sum: UInt64 = 0
        for number in 0..<count {
            if number % 16 == 0 { train.clear() }
            let size = interest.write(
                segment: UInt64(number), nonce: UInt32(truncatingIfNeeded: number), into: &train)
            sum &+= UInt64(size)
        }
        return sum
    }

    /// The client's: a Data packet that lies in the receive buffer, with everything that is asked of it.
    private static let decodeData = HotPath(name: "decode Data") { count in
        let packet = segmentPacket()
        var sum: UInt64 = 0
        for _ in 0..<count {
            guard let data = try? DataPacket(decoding: packet), let (prefix, segment) = data.name.splitSegment() else {
                return 0
            }
            sum &+= segment &+ (data.finalSegment ?? 0) &+ data.contentType
            sum &+= UInt64(prefix.value.readableBytes &+ data.content.readableBytes)
        }
        return sum
    }

    /// The client's: a payload to its place, and whole slabs out again.
    private static let reassemble = HotPath(name: "reassemble") { count in
        var reassembler = SegmentReassembler(window: 1024)
        var sum: UInt64 = 0
        for number in 0..<count {
            let placement = reassembler.place(UInt64(number), payload)
            if placement != .placed { return 0 }
            while let octets = reassembler.take() { sum &+= UInt64(octets.readableBytes) }
        }
        return sum
    }

    /// The server's: a segment's header before its payload.
    private static let layOut = HotPath(name: "lay out Data") { count in
        var packet = segmentPacket()
        var sum: UInt64 = 0
        for number in 0..<count {
            guard
                let layout = try? SegmentPacketLayout(
                    prefix: prefix, segment: UInt64(number), finalSegment: .max, payloadLength: 4096,
                    freshnessMilliseconds: 86_400_000)
            else { return 0 }
            unsafe packet.withUnsafeMutableReadableBytes { unsafe layout.writeHeader(into: $0) }
            sum &+= UInt64(layout.size)
        }
        return sum
    }

    /// The server's: DigestSha256 over a packet.
    private static let sign = HotPath(name: "sign Data (SHA-256)") { count in
        guard let layout = segmentLayout() else { return 0 }
        var packet = segmentPacket()
        var hasher = SHA256()
        for _ in 0..<count {
            unsafe packet.withUnsafeMutableReadableBytes { unsafe layout.sign($0, hasher: &hasher) }
        }
        return UInt64(packet.readableBytes)
    }

    /// The same, two at a time.
    private static let signPair = HotPath(name: "sign Data in pairs (SHA-256)") { count in
        guard let layout = segmentLayout() else { return 0 }
        var (first, second) = (segmentPacket(), segmentPacket())
        var hasher = SHA256()
        for _ in stride(from: 0, to: count, by: 2) {
            unsafe first.withUnsafeMutableReadableBytes { first in
                unsafe second.withUnsafeMutableReadableBytes { second in
                    unsafe layout.sign(first, second, hasher: &hasher)
                }
            }
        }
        return UInt64(first.readableBytes)
    }

    /// The server's, on its workers: an ECDSA signature, with the hash it is made of and its way into the packet.
    private static let signWithKey = HotPath(name: "sign Data (ECDSA)") { count in
        guard let signing, let layout = segmentLayout(signing.trailer) else { return 0 }
        var packet = ByteBuffer(repeating: 0, count: layout.size)
        var hasher = SHA256()
        for begin in stride(from: 0, to: count, by: batch) {
            guard let context = KeyContext(signing: signing.key) else { return 0 }
            for _ in begin..<min(begin + batch, count) {
                guard complete(&packet, layout, context, hasher: &hasher) else { return 0 }
            }
        }
        return UInt64(packet.readableBytes)
    }

    /// The client's, with a trust anchor, on its workers: an ECDSA signature checked.
    private static let verifyWithKey = HotPath(name: "verify Data (ECDSA)") { count in
        guard let signing, let layout = segmentLayout(signing.trailer), let key = try? signing.key.publicKey(),
            let context = KeyContext(signing: signing.key)
        else { return 0 }
        var packet = ByteBuffer(repeating: 0, count: layout.size)
        var hasher = SHA256()
        unsafe packet.withUnsafeMutableReadableBytes { unsafe layout.writeHeader(into: $0) }
        guard complete(&packet, layout, context, hasher: &hasher), let data = try? DataPacket(decoding: packet)
        else { return 0 }
        for begin in stride(from: 0, to: count, by: batch) {
            var verification = DataVerification()
            for _ in begin..<min(begin + batch, count) {
                guard verification.verify(data, with: key) else { return 0 }
            }
        }
        return UInt64(packet.readableBytes)
    }

    /// The client's: a payload into the blob's digest.
    private static let hash = HotPath(name: "hash payload (SHA-256)") { count in
        var hasher = SHA256()
        for _ in 0..<count { hasher.update(payload) }
        return UInt64(hasher.finish().bytes.first ?? 0)
    }
}
