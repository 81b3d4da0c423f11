import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import NDN
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

    /// The stock 212,992 octets hold 12 to 25 Data packets (docs/protocol.md 7.7): what surely fits is less.
    @Test func theReceiveBufferBoundsTheFirstWindow() {
        #expect(UDPReceiveBuffer.window(212_992) == 11)
        #expect(UDPReceiveBuffer.window(16 << 20) == 945)
        #expect(UDPReceiveBuffer.window(0) == 2)
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

    @Test func aLostSocketIsOpenedAgainAtOnceThenAfterLongerAndLongerPauses() {
        var pause = ReopeningPause()
        #expect((0..<8).map { _ in pause.lost() } == [0, 40, 80, 160, 320, 640, 1000, 1000].map { .milliseconds($0) })
        pause.heard()
        #expect(pause.lost() == .zero)
    }

    private static func face(_ uri: String) throws -> Face {
        let uri = try FaceURI(uri)
        return Face(
            remote: uri, local: uri, isLocal: false, on: EmbeddedEventLoop(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func aSilentFaceMakesRoomAndABusyOrPinnedOneDoesNot() throws {
        let start = NIODeadline.uptimeNanoseconds(0)
        let faces = try (1...3).map { try Self.face("udp://192.0.2.\($0):6363") }
        let newcomer = PeerHost.v4(7)
        var table = FaceTable(limit: 3, silence: .seconds(5))
        for face in faces {
            #expect(table.room(for: face.host, now: start).isFree)
            table.add(face)
            face.counters.outData = 1
        }
        #expect(!table.room(for: newcomer, now: start).isFree)
        let later = start + .seconds(10)
        faces[0].isPinned = true
        faces[1].lastHeard = later
        let room = table.room(for: newcomer, now: later)
        #expect(room.isFree && room.leaving === faces[2])
        table.remove(faces[2])
        #expect(table.count == 2)
        #expect(table.room(for: newcomer, now: later).isFree)
    }

    @Test func facesThatNobodyAnsweredLeaveBeforeThoseInUse() throws {
        let now = NIODeadline.uptimeNanoseconds(0) + .seconds(60)
        var table = FaceTable(limit: 100, silence: .seconds(5))
        let known = try (1...20).map { try Self.face("udp://192.0.2.\($0):6363") }
        for face in known {
            table.add(face)
            // Long silent, but of use before.
            face.counters.outData = 1
        }
        var open: [Face] = []
        for number in 0..<5000 {
            let face = try Self.face("udp://198.51.\(number / 250).\(number % 250):6363")
            let room = table.room(for: face.host, now: now)
            #expect(room.isFree)
            if let leaving = room.leaving {
                #expect(leaving === open.removeFirst(), "the oldest of the flood")
                table.remove(leaving)
            }
            table.add(face)
            open.append(face)
        }
        #expect(table.count == 100)
        #expect(open.count == 80)
    }

    @Test func oneHostHasAShareHoweverManyItsPortsAre() throws {
        let now = NIODeadline.uptimeNanoseconds(0)
        var table = FaceTable(limit: 100, silence: .seconds(5))
        let known = try Self.face("udp://192.0.2.1:6363")
        table.add(known)
        var latest: Face?
        for port in 1...5000 {
            let face = try Self.face("udp://192.0.2.2:\(port)")
            let room = table.room(for: face.host, now: now)
            #expect(room.isFree)
            room.leaving.map { table.remove($0) }
            table.add(face)
            latest = face
        }
        #expect(table.count == 1 + 25)
        #expect(table.faces.contains { $0 === known })
        #expect(table.faces.contains { $0 === latest })
        // A host whose faces are all in use gets no more of them.
        for face in table.faces { face.counters.outData = 1 }
        #expect(!table.room(for: .v4(0xC000_0202), now: now).isFree)
        #expect(table.room(for: .v4(0xC000_0203), now: now).isFree)
    }
}
