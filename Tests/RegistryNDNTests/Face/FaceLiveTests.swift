import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Face: live", .timeLimit(.minutes(1)))
struct FaceLiveTests {
    @Test(arguments: ["unix", "tcp://127.0.0.1:0", "tcp6://[::1]:0", "udp://127.0.0.1:0", "udp6://[::1]:0"])
    func dataComesBack(_ where: String) async throws {
        let pair = FacePair()
        let uri = try await pair.listen(`where` == "unix" ? FacePair.unixSocket() : `where`)
        let (endpoint, states) = try await pair.connect(uri)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        for octets in [0, 1, 7777, 8000] {
            #expect(try await pair.ask(endpoint, octets: octets) == octets)
        }
        let isLocal = try await pair.ofAccepted { $0.map(\.isLocal) }
        #expect(isLocal == [!`where`.hasPrefix("udp")])
        try await pair.stop()
    }

    @Test func anAddressThatIsRefusedIsNotConnectedTo() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let uri = try FaceURI("udp://127.0.0.1:9")
        let error = await #expect(throws: FaceError.self) {
            try await loop.flatSubmit {
                let connector = FaceConnector(
                    to: uri, on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                connector.refusal = { FaceError(.unreachable, "\($0) is refused") }
                return connector.connect()
            }.get()
        }
        #expect(error?.message == "udp4://127.0.0.1:9 is refused")
    }

    @Test func aLostStreamIsConnectedAgain() async throws {
        let pair = FacePair()
        let path = FacePair.unixSocket()
        let uri = try await pair.listen(path)
        var configuration = FaceConfiguration()
        configuration.minimumBackoff = .milliseconds(1)
        configuration.maximumBackoff = .milliseconds(20)
        let (endpoint, states) = try await pair.connect(uri, configuration)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        try await pair.hangUp()
        #expect(await iterator.next() == .down)
        await #expect(throws: ExpressError.faceDown) { try await pair.ask(endpoint, octets: 10) }
        _ = try await pair.listen(path)
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        try await pair.stop()
    }

    @Test(
        "A connection over which nothing comes back any more is left for another one, from another port",
        arguments: ["unix", "tcp://127.0.0.1:0", "udp://127.0.0.1:0"])
    func aSilentConnectionIsReplaced(_ where: String) async throws {
        let pair = FacePair()
        let uri = try await pair.listen(`where` == "unix" ? FacePair.unixSocket() : `where`)
        var configuration = FaceConfiguration()
        configuration.silence.question = .milliseconds(50)
        configuration.silence.interval = .milliseconds(50)
        configuration.minimumBackoff = .milliseconds(1)
        let (endpoint, states) = try await pair.connect(uri, configuration)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        let before = try await pair.loop.submit { endpoint.value.face.local }.get()
        try await pair.mute()
        await #expect(throws: ExpressError.faceDown) { try await pair.ask(endpoint, octets: 10) }
        #expect(await iterator.next() == .down)
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        let after = try await pair.loop.submit { endpoint.value.face.local }.get()
        #expect(`where` == "unix" || after != before)
        try await pair.stop()
    }

    @Test("The kernel asks whether the other end of a TCP connection lives, at both ends")
    func tcpIsKeptAlive() async throws {
        var configuration = FaceConfiguration()
        configuration.keepAlive = .seconds(7)
        let options = TCPKeepAlive.options(configuration)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        for (option, value) in options { bootstrap = bootstrap.channelOption(option, value: value) }
        let channel = try await bootstrap.connect(to: #require(listener.localAddress)).get()
        var seen: [Int] = []
        for (option, _) in options { seen.append(Int(try await channel.getOption(option).get())) }
        #expect(seen == [1, 7, 1, 4, 14_000])
        try await channel.close()
        try await listener.close()
    }

    @Test(
        "A Unix socket is open to its user and group, unless more are named",
        arguments: [nil, 0o666, 0o600] as [UInt32?])
    func theModeOfASocket(_ mode: UInt32?) async throws {
        let pair = FacePair()
        var configuration = FaceConfiguration()
        if let mode { configuration.socketMode = mode }
        let uri = try await pair.listen(FacePair.unixSocket(), configuration)
        let attributes = try FileManager.default.attributesOfItem(atPath: uri.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.uint32Value == mode ?? 0o660)
        try await pair.stop()
    }

    /// Nobody listens: the kernel reports ECONNREFUSED, and NIO closes the socket. The face stays up, at its port.
    @Test func aDatagramFaceSurvivesARefusal() async throws {
        let pair = FacePair()
        let uri = try await pair.listen("udp://127.0.0.1:0")
        var configuration = FaceConfiguration()
        configuration.silence.doubt = .minutes(1)
        let (endpoint, states) = try await pair.connect(uri, configuration)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        let port = try await pair.loop.submit { endpoint.value.face.local }.get()
        try await pair.hangUp()
        for nonce in UInt32(1)...3 {
            try await pair.loop.submit {
                var interest = InterestBuilder(name: try Name(uri: "/lost"))
                interest.nonce = nonce
                endpoint.value.face.send(try interest.encode())
                endpoint.value.face.flush()
            }.get()
        }
        _ = try await pair.listen("\(uri)")
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        #expect(try await pair.loop.submit { endpoint.value.face.local }.get() == port)
        try await pair.stop()
    }

    /// Nobody listens when that is asked again either: the face is down, and up again, at its port, once somebody does.
    @Test func aDatagramFaceIsDownWhileNobodyListens() async throws {
        let pair = FacePair()
        let uri = try await pair.listen("udp://127.0.0.1:0")
        var configuration = FaceConfiguration()
        (configuration.silence.doubt, configuration.silence.interval) = (.milliseconds(10), .milliseconds(50))
        (configuration.silence.questions, configuration.silence.questionLimit) = (1_000_000, 1_000_000)
        let (endpoint, states) = try await pair.connect(uri, configuration)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        let port = try await pair.loop.submit { endpoint.value.face.local }.get()
        try await pair.hangUp()
        try await pair.loop.submit {
            var interest = InterestBuilder(name: try Name(uri: "/lost"))
            interest.nonce = 1
            endpoint.value.face.send(try interest.encode())
            endpoint.value.face.flush()
        }.get()
        #expect(await iterator.next() == .down)
        _ = try await pair.listen("\(uri)")
        #expect(await iterator.next() == .up)
        #expect(try await pair.ask(endpoint, octets: 10) == 10)
        #expect(try await pair.loop.submit { endpoint.value.face.local }.get() == port)
        try await pair.stop()
    }

    /// Fragments go out where the MTU is small, and the other side puts them together.
    @Test func largePacketsAreFragmentedOverUDP() async throws {
        let pair = FacePair()
        var narrow = FaceConfiguration()
        narrow.mtu = 1472
        let uri = try await pair.listen("udp://127.0.0.1:0", narrow)
        let (endpoint, _) = try await pair.connect(uri)
        #expect(try await pair.ask(endpoint, octets: 8000) == 8000)
        let received = try await pair.loop.submit { endpoint.value.face.counters }.get()
        #expect(received.inData == 1)
        #expect(received.inDrops == 0)
        // Six fragments with a header each.
        #expect(received.inOctets > 8000 + 6 * 15)
        let sent = try await pair.ofAccepted { $0.map(\.counters) }
        #expect(sent.map(\.outOctets) == [received.inOctets] && sent.map(\.inOctets) == [received.outOctets])
        try await pair.stop()
    }

    /// A packet over the limit is dropped and counted, on a stream too, where nothing is fragmented.
    @Test func nothingLargerThanAPacketLeaves() async throws {
        let pair = FacePair()
        let uri = try await pair.listen(FacePair.unixSocket())
        let (endpoint, states) = try await pair.connect(uri)
        var iterator = states.makeAsyncIterator()
        #expect(await iterator.next() == .up)
        let token = try #require(PitToken(bytes: Array(repeating: 1, count: 32)))
        let drops = try await pair.loop.submit {
            let face = endpoint.value.face
            face.send(ByteBuffer(repeating: 5, count: Face.maximumPacketSize + 1))
            // Fits bare, but not with its link header (docs/protocol.md 7.1).
            face.send(ByteBuffer(repeating: 5, count: Face.maximumPacketSize), LinkFields(pitToken: token))
            return face.counters.outDrops
        }.get()
        #expect(drops == 2)
        #expect(try await pair.ask(endpoint, octets: 3) == 3)
        try await pair.stop()
    }

    @Test func garbageEndsAStreamAndOnlyThatOne() async throws {
        let pair = FacePair()
        let path = FacePair.unixSocket()
        let uri = try await pair.listen(path)
        let (endpoint, _) = try await pair.connect(uri)
        #expect(try await pair.ask(endpoint, octets: 1) == 1)
        let raw = try await ClientBootstrap(group: pair.group).connect(unixDomainSocketPath: uri.path).get()
        try await raw.writeAndFlush(ByteBuffer(bytes: [0, 0, 0, 0]))
        try await raw.closeFuture.get()
        #expect(try await pair.ask(endpoint, octets: 1) == 1)
        try await pair.stop()
    }

    /// Data that answers an Interest with a PIT token carries that token (NDNLPv2).
    @Test func tokensAreEchoed() async throws {
        let pair = FacePair()
        let uri = try await pair.listen("udp://127.0.0.1:0")
        let (endpoint, _) = try await pair.connect(uri)
        let token = try #require(PitToken(bytes: [1, 2, 3, 4, 5, 6]))
        let echoed = try await pair.loop.flatSubmit {
            let promise = pair.loop.makePromise(of: PitToken?.self)
            endpoint.value.add(FaceHandlers(data: { promise.succeed($1.pitToken) }))
            do {
                var interest = InterestBuilder(name: try Name(uri: "/example").appending(.segment(9)))
                interest.nonce = 9
                endpoint.value.face.send(try interest.encode(), LinkFields(pitToken: token))
                endpoint.value.face.flush()
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }.get()
        #expect(echoed == token)
        try await pair.stop()
    }

    /// Every address of 127/8 is this machine's: the answer must come from the one that was asked.
    @Test func aWildcardListenerAnswersFromTheAddressAsked() async throws {
        let pair = FacePair()
        let uri = try await pair.listen("udp://0.0.0.0:0")
        for host in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
            // A connected socket hears only what comes from the address it is connected to.
            let (endpoint, _) = try await pair.connect(try FaceURI("udp://\(host):\(uri.port)"))
            #expect(try await pair.ask(endpoint, octets: 5) == 5)
        }
        try await pair.stop()
    }

    @Test func whatCannotBeListenedAtIsExplained() async throws {
        let pair = FacePair()
        let uri = try await pair.listen("tcp://127.0.0.1:0")
        let other = FacePair()
        let taken = await #expect(throws: FaceError.self) { try await other.listen("\(uri)") }
        #expect(taken?.code == .inUse)
        #expect(taken?.message.contains("\(uri.port)") == true)
        let missing = await #expect(throws: FaceError.self) { try await other.listen("unix:///nowhere/at/all.sock") }
        #expect(missing?.message.contains("/nowhere/at/all.sock") == true)
        let foreign = await #expect(throws: FaceError.self) { try await other.listen("udp://192.0.2.1:0") }
        #expect(foreign?.message.contains("does not have that address") == true)
        try await pair.stop()
        try await other.stop()
    }
}
