import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Over a real Unix socket: a peer may ask for as much as it likes at once.
@Suite struct StreamBackpressureTests {
    @Test func nothingIsLostThoughMoreIsAskedForThanTheWayBackHolds() async throws {
        let pair = FacePair()
        let uri = try await pair.listen(FacePair.unixSocket())
        let (endpoint, states) = try await pair.connect(uri)
        for await state in states where state == .up { break }
        // Four times what waits in a face at most, in one write and without a second attempt.
        let count = 4 * FaceConfiguration().outboundLimit / 8000
        let sizes = try await pair.loop.flatSubmit {
            let asked = (0..<count).map { number in
                let name = Name([.generic("example"), .generic("\(number)"), .segment(8000)])
                return endpoint.value.express(InterestBuilder(name: name))
            }
            endpoint.value.face.flush()
            return EventLoopFuture.whenAllComplete(asked, on: pair.loop)
        }.map { $0.map { (try? $0.get().content.readableBytes) ?? 0 } }.get()
        #expect(sizes.filter { $0 == 8000 }.count == count)
        #expect(try await pair.ofAccepted { $0.map(\.counters.outDrops) } == [0])
        try await pair.stop()
    }
}
