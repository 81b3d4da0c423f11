import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import RegistryNDN

/// What bounds a face: its MTU, its first window, the pauses between attempts, the number of faces of a listener.
@Suite struct FaceLimitsTests {
    private static let v4 = try? SocketAddress(ipAddress: "192.0.2.1", port: 6363)
    private static let v6 = try? SocketAddress(ipAddress: "2001:db8::1", port: 6363)

    @Test func theMTUIsThePathsLessTheHeaders() throws {
        let (v4, v6) = (try #require(Self.v4), try #require(Self.v6))
        let automatic = FaceConfiguration()
        #expect(FaceMTU.of(pathMTU: 1500, to: v4, automatic) == 1472)
        #expect(FaceMTU.of(pathMTU: 1500, to: v6, automatic) == 1452)
        #expect(FaceMTU.of(pathMTU: 65_536, to: v4, automatic) == 8800)
        #expect(FaceMTU.of(pathMTU: nil, to: v4, automatic) == 8800)
        #expect(FaceMTU.of(pathMTU: 68, to: v4, automatic) == 256)
        var configured = automatic
        configured.mtu = 4000
        #expect(FaceMTU.of(pathMTU: 1500, to: v4, configured) == 4000)
    }

    /// The stock 212,992 octets hold 12 to 25 Data packets (DESIGN.md): what surely fits is less.
    @Test func theReceiveBufferBoundsTheFirstWindow() {
        #expect(ReceiveBuffer.window(212_992) == 11)
        #expect(ReceiveBuffer.window(16 << 20) == 945)
        #expect(ReceiveBuffer.window(0) == 2)
    }

    @Test func pausesDoubleUpToTheirBoundWithJitter() {
        var plain = Backoff(minimum: .milliseconds(100), maximum: .seconds(3))
        let pauses = (0..<8).map { _ in plain.next(random: 0) }
        #expect(pauses == [100, 200, 400, 800, 1600, 3000, 3000, 3000].map { .milliseconds($0) })
        var early = Backoff(minimum: .milliseconds(100), maximum: .seconds(3))
        let jittered = (0..<200).map { _ in early.next(random: 0.999) }
        for (pause, bound) in zip(jittered, pauses + Array(repeating: .seconds(3), count: 192)) {
            #expect(pause <= bound && pause >= max(.milliseconds(100), .nanoseconds(bound.nanoseconds * 3 / 4 - 1)))
        }
        plain.reset()
        #expect(plain.next(random: 0) == .milliseconds(100))
    }

    @Test func aSilentFaceMakesRoomAndABusyOrPinnedOneDoesNot() throws {
        let loop = EmbeddedEventLoop()
        let uri = try FaceURI("udp://192.0.2.1:6363")
        let faces = (0..<3).map { _ in
            Face(remote: uri, local: uri, isLocal: false, on: loop, logger: Logger(label: "test"))
        }
        var table = FaceTable(limit: 3, silence: .seconds(5))
        for face in faces {
            #expect(table.room(now: .uptimeNanoseconds(0)).isFree)
            table.add(face)
        }
        #expect(!table.room(now: .uptimeNanoseconds(0)).isFree)
        let later = NIODeadline.uptimeNanoseconds(0) + .seconds(10)
        faces[0].isPinned = true
        faces[1].lastHeard = later
        let room = table.room(now: later)
        #expect(room.isFree && room.leaving === faces[2])
        table.remove(faces[2])
        #expect(table.count == 2)
        #expect(table.room(now: later).isFree)
    }
}
