import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import NDN

/// Who gets what arrives at an endpoint.
@Suite struct EndpointTests {
    private final class Taker: FaceDelegate {
        let takes: Bool
        var seen: [String] = []

        init(takes: Bool) { self.takes = takes }

        func face(_ face: Face, received interest: Interest, _ fields: LinkFields) -> Bool {
            seen.append("interest")
            return takes
        }

        func face(_ face: Face, received data: DataPacket, _ fields: LinkFields) -> Bool {
            seen.append("data")
            return takes
        }

        func face(
            _ face: Face, receivedNack reason: NackReason, for interest: Interest, _ fields: LinkFields
        ) -> Bool {
            seen.append("nack")
            return takes
        }

        func faceBatchEnded(_ face: Face) { seen.append("end") }
        func face(_ face: Face, changed state: FaceState) { seen.append(state.rawValue) }
    }

    private let endpoint: Endpoint

    init() throws {
        let uri = try FaceURI("udp://192.0.2.1:6363")
        endpoint = Endpoint(
            face: Face(remote: uri, local: uri, isLocal: false, on: EmbeddedEventLoop(), logger: Logger(label: "t")))
    }

    private func deliver() throws {
        let face = endpoint.face
        let name = try Name(uri: "/example")
        let interest = try Interest(decoding: InterestBuilder(name: name).encode())
        let data = try DataPacket(decoding: DataBuilder(name: name).encode(signer: .digest))
        _ = endpoint.face(face, received: interest, LinkFields())
        _ = endpoint.face(face, received: data, LinkFields())
        _ = endpoint.face(face, receivedNack: .noRoute, for: interest, LinkFields())
        endpoint.faceBatchEnded(face)
    }

    @Test func aPacketGoesToTheFirstWhoTakesItAndTheRestToAll() throws {
        let (shy, taker, last) = (Taker(takes: false), Taker(takes: true), Taker(takes: true))
        for delegate in [shy, taker, last] { endpoint.add(delegate) }
        try deliver()
        #expect(shy.seen == ["interest", "data", "nack", "end"])
        #expect(taker.seen == shy.seen)
        #expect(last.seen == ["end"])
        endpoint.remove(taker)
        try deliver()
        #expect(last.seen == ["end", "interest", "data", "nack", "end"])
        #expect(taker.seen.count == 4)
    }

    @Test func aClosedFaceLetsGoOfItsDelegates() throws {
        var taker: Taker? = Taker(takes: true)
        weak let kept = taker
        if let taker { endpoint.add(taker) }
        taker = nil
        #expect(kept != nil)
        endpoint.face.close()
        #expect(kept == nil)
    }
}
