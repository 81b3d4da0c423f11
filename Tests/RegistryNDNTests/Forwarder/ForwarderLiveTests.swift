import Foundation
import Logging
import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: live", .timeLimit(.minutes(1)))
struct ForwarderLiveTests {
    private static func socket() -> String {
        "unix://\(FileManager.default.temporaryDirectory.path)/ndn-\(UUID().uuidString.prefix(8)).sock"
    }

    @Test(arguments: ["unix", "tcp"])
    func aRegisteredPrefixIsServedToOthers(_ scheme: String) async throws {
        let live = try await LiveForwarder()
        let local = try await live.listen(scheme == "unix" ? Self.socket() : "tcp://127.0.0.1:0")
        let udp = try await live.listen("udp://127.0.0.1:0")
        let producer = try await live.connect(local)
        try await live.answerAll(producer)
        let (registration, changes) = try await live.register("/example/docker", producer)
        var iterator = changes.makeAsyncIterator()
        guard case .registered? = await iterator.next() else {
            Issue.record("not registered")
            return
        }
        let consumer = try await live.connect(udp)
        #expect(try await live.fetch("/example/docker/1", consumer) == "/example/docker/1")
        #expect(try await live.fetch("/example/docker/1", consumer) == "/example/docker/1")
        #expect(try await live.statistics.hits == 1)
        #expect(try await live.statistics.faces == 2)
        try await live.loop.flatSubmit { registration.value.stop() }.get()
        await #expect(throws: ExpressError.nack(.noRoute)) { try await live.fetch("/example/docker/2", consumer) }
        try await live.stop()
    }

    @Test func aRestartedForwarderIsRegisteredWithAgain() async throws {
        let live = try await LiveForwarder()
        let path = Self.socket()
        let local = try await live.listen(path)
        let producer = try await live.connect(local)
        try await live.answerAll(producer)
        let (_, changes) = try await live.register("/a", producer)
        var seen: [String] = []
        for await change in changes {
            switch change {
            case .registered: seen.append("registered")
            case .failed(let error): seen.append("\(error.reason)")
            }
            if seen.count == 1 {
                try await live.restart()
                _ = try await live.listen(path)
            }
            if seen.count == 3 { break }
        }
        #expect(seen == ["registered", "faceDown", "registered"])
        let consumer = try await live.connect(local)
        #expect(try await live.fetch("/a/1", consumer) == "/a/1")
        try await live.stop()
    }

    @Test(.timeLimit(.minutes(1))) func aLostRouteIsNoticedByTheProbe() async throws {
        let live = try await LiveForwarder()
        let local = try await live.listen(Self.socket())
        let producer = try await live.connect(local)
        try await live.answerAll(producer)
        let (_, changes) = try await live.register("/a", producer, probe: .milliseconds(20))
        var iterator = changes.makeAsyncIterator()
        _ = await iterator.next()
        let consumer = try await live.connect(local)
        // Behind the registration's back.
        var parameters = ControlParameters(name: try Name(uri: "/a"))
        parameters.origin = RouteOrigin.client
        let command = ManagementCommand(
            scope: .localhost, module: "rib", verb: "unregister", parameters: parameters)
        let interest = try command.signed(by: .digest, clock: .shared)
        _ = try await live.loop.flatSubmit { producer.value.express(interest) }.map(\.name).get()
        // Until the probe has brought it back there is no route; without the probe there never is one again.
        var answer: String?
        var attempt = 0
        while answer == nil, !Task.isCancelled {
            attempt += 1
            answer = try? await live.fetch("/a/\(attempt)", consumer)
        }
        #expect(answer == "/a/\(attempt)")
        try await live.stop()
    }

    @Test func theRoutesOfAFaceAreItsOwnAndItsUsers() async throws {
        let live = try await LiveForwarder()
        let (unix, tcp) = (try await live.listen(Self.socket()), try await live.listen("tcp://127.0.0.1:0"))
        let producer = try await live.connect(unix)
        let (_, changes) = try await live.register("/a", producer)
        var iterator = changes.makeAsyncIterator()
        guard case .registered? = await iterator.next() else {
            Issue.record("not registered")
            return
        }
        // Somebody on this machine whose user is not known, and somebody with the forwarder's own.
        let (anybody, own) = (try await live.connect(tcp), try await live.connect(unix))
        let list = try await live.loop.flatSubmit {
            var interest = InterestBuilder(name: try! Name(uri: "/localhost/nfd/rib/list"))
            interest.canBePrefix = true
            return anybody.value.express(interest)
        }.get()
        var parameters = ControlParameters(name: try Name(uri: "/a"))
        parameters.faceID = try #require(RibEntry.decodeList(list.content).first?.routes.first?.faceID)
        parameters.origin = RouteOrigin.client
        let command = ManagementCommand(scope: .localhost, module: "rib", verb: "unregister", parameters: parameters)
        for (endpoint, code) in [(anybody, 403), (own, 200)] as [(NIOLoopBound<Endpoint>, UInt64)] {
            let interest = try command.signed(by: .digest, clock: .shared)
            let content = try await live.loop.flatSubmit { endpoint.value.express(interest) }.map(\.content).get()
            #expect(try ControlResponse(decoding: content).code == code)
        }
        try await live.stop()
    }

    @Test func overUDPTheErrorSaysWhatToDo() async throws {
        let live = try await LiveForwarder()
        let udp = try await live.listen("udp://127.0.0.1:0")
        let producer = try await live.connect(udp)
        let (_, changes) = try await live.register("/a", producer)
        var iterator = changes.makeAsyncIterator()
        guard case .failed(let error)? = await iterator.next() else {
            Issue.record("registered")
            return
        }
        guard case .rejected(code: 406, _) = error.reason else {
            Issue.record("\(error)")
            return
        }
        for words in [
            "registry-ndn forwarder takes routes", "connect over its Unix socket", "\(Setting.listener) udp://",
        ] {
            #expect("\(error)".contains(words))
        }
        #expect(!"\(error)".contains("nfd.conf"))
        try await live.stop()
    }

    /// A forwarder with a producer of `/a` that listens at `uri` too: (forwarder, where it listens).
    private func far(at uri: String) async throws -> (LiveForwarder, FaceURI) {
        let far = try await LiveForwarder()
        let producer = try await far.connect(try await far.listen(Self.socket()))
        try await far.answerAll(producer)
        let (_, changes) = try await far.register("/a", producer)
        for await case .registered in changes { break }
        return (far, try await far.listen(uri))
    }

    @Test(arguments: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "unix"])
    func aStaticRouteLeadsToAnotherForwarder(_ uri: String) async throws {
        let (far, peer) = try await far(at: uri == "unix" ? Self.socket() : uri)
        let site = try await LiveForwarder()
        let local = try await site.listen(Self.socket())
        try await site.route("/a", over: peer)
        try await site.route("/a/b", over: peer, cost: 7)
        let consumer = try await site.connect(local)
        #expect(try await site.fetch("/a/1", consumer) == "/a/1")
        #expect(try await site.statistics.faces == 2, "one face for both routes")
        let session = try await ManagementSession.connect(
            to: local, group: site.group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let routes = try await session.routes().flatMap(\.routes)
        #expect(routes.map(\.origin) == [RouteOrigin.staticRoute, RouteOrigin.staticRoute])
        #expect(routes.map(\.cost) == [0, 7])
        #expect(routes.allSatisfy { $0.expirationPeriod == nil })
        let faces = try await session.faces().filter { $0.persistency == FacePersistency.permanent }
        #expect(faces.map(\.faceID) == [routes[0].faceID])
        #expect(faces.map(\.remoteURI) == ["\(peer)"])
        #expect(faces.map(\.health) == [.answers])
        await session.close()
        try await site.stop()
        try await far.stop()
    }

    @Test(arguments: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://0.0.0.0:0"])
    func aRouteToTheForwarderItselfIsRefused(_ uri: String) async throws {
        let site = try await LiveForwarder()
        let local = try await site.listen(Self.socket())
        let own = try await site.listen(uri)
        let loopback = try FaceURI("\(own.scheme.rawValue)://127.0.0.1:\(own.port)")
        let error = await #expect(throws: FaceError.self) { try await site.route("/a", over: loopback) }
        #expect(error?.message.contains("the route to /a: \(loopback) is this forwarder itself") == true)
        let session = try await ManagementSession.connect(
            to: local, group: site.group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let refused = await #expect(throws: CommandError.self) {
            try await session.face(to: try await loopback.canonical())
        }
        #expect(refused?.description.contains("406 \(try await loopback.canonical()) is this forwarder itself") == true)
        #expect(refused?.remedy.hasPrefix("name the server or forwarder") == true)
        #expect(try await session.routes().isEmpty)
        #expect(try await session.faces().allSatisfy { $0.persistency == FacePersistency.onDemand })
        await session.close()
        try await site.stop()
    }

    @Test func aFaceIsMadeAndDestroyedByCommand() async throws {
        let (far, peer) = try await far(at: "udp://127.0.0.1:0")
        let site = try await LiveForwarder()
        let local = try await site.listen(Self.socket())
        let session = try await ManagementSession.connect(
            to: local, group: site.group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let face = try await session.face(to: try await peer.canonical())
        #expect(try await session.face(to: try await peer.canonical()) == face, "409 with the face that is there")
        let route = RibEntry.Route(faceID: face, origin: RouteOrigin.staticRoute)
        try await session.register(Name(uri: "/a"), route)
        try await session.awaitRoute(Name(uri: "/a"), route)
        let consumer = try await site.connect(local)
        #expect(try await site.fetch("/a/1", consumer) == "/a/1")
        try await session.destroyFace(face)
        #expect(try await session.routes().isEmpty)
        #expect(try await !session.faces().contains { $0.faceID == face })
        await #expect(throws: ExpressError.nack(.noRoute)) { try await site.fetch("/a/2", consumer) }
        await session.close()
        try await site.stop()
        try await far.stop()
    }
}
