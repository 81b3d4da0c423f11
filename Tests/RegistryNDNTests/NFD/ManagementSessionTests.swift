import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// The surprises of docs/protocol.md 8, each against a forwarder that has it.
@Suite("NFD: sessions", .timeLimit(.minutes(1)))
struct ManagementSessionTests {
    private let prefix = Name([.generic("example"), .generic("docker")])

    /// Runs `body` against a strict forwarder.
    private func run(
        _ rules: StrictForwarder.Rules = .init(), _ body: (LiveManagement) async throws -> Void
    ) async throws {
        let live = try await LiveManagement.start(rules)
        try await body(live)
        try await live.stop()
    }

    private func error(_ body: () async throws -> Void) async -> CommandError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CommandError
        }
    }

    @Test func registersAndUnregistersWithTheSameOrigin() async throws {
        try await run { live in
            let session = try await live.session()
            let route = RibEntry.Route(faceID: 300, origin: 255, cost: 7, expirationPeriod: 60_000)
            #expect(try await session.register(prefix, route) == 300)
            try await session.awaitRoute(prefix, route)
            #expect(try await session.routes() == [RibEntry(name: prefix, routes: [route])])
            try await session.unregister(prefix, face: 300, origin: 0)
            #expect(try await session.routes().count == 1, "another origin: 200, and nothing happens")
            try await session.unregister(prefix, face: 300, origin: 255)
            #expect(try await session.routes() == [])
            await session.close()
        }
    }

    @Test("After the clock was set back by an hour the prefix is registered all the same, with a key of our own")
    func timesThatTheForwarderHasSeen() async throws {
        try await run { live in
            try await live.withStrict { $0.remember(ahead: 3_600_000) }
            var timing = RegistrationMachine.Timing(over: .unix)
            timing.retryAfterRejection = .milliseconds(1)
            timing.probe = nil
            for await status in try await live.register(prefix, timing: timing) {
                if case .registered = status { break }
            }
            let answers = try await live.withStrict { $0.answers }
            #expect(answers == [403, 403, 403, 403, 403, 403, 200])
        }
    }

    @Test("Over a way that has fallen silent the prefix is given up, and registered over another at once")
    func aWayThatFallsSilent() async throws {
        var rules = StrictForwarder.Rules()
        rules.scope = .localhop
        try await run(rules) { live in
            var timing = RegistrationMachine.Timing(over: .udp)
            timing.refresh = .milliseconds(20)
            timing.probe = nil
            var face = FaceConfiguration()
            face.silence.question = .milliseconds(50)
            face.silence.interval = .milliseconds(50)
            var seen: [String] = []
            for await status in try await live.register(prefix, timing: timing, face: face) {
                switch status {
                case .registered: seen.append("registered")
                case .failed(let error): seen.append("\(error.reason)")
                }
                if seen.count == 1 { try await live.withStrict { $0.deafTo = $0.heard } }
                guard seen.count >= 3 else { continue }
                // The way before is no longer one: where its route stayed, half of the Interests, or all, would go there.
                while try await live.withStrict({ $0.routes.flatMap(\.routes).map(\.faceID) }) != [301] {
                    await Task.yield()
                }
                break
            }
            #expect(seen == ["registered", "faceDown", "registered"])
        }
    }

    @Test func longDatasetsAreCutAnywhere() async throws {
        var rules = StrictForwarder.Rules()
        rules.segmentSize = 7
        try await run(rules) { live in
            let entries = (0..<60).map { index in
                RibEntry(
                    name: prefix.appending(.generic("\(index)")),
                    routes: [RibEntry.Route(faceID: UInt64(index) << 20, origin: 65, expirationPeriod: 1 << 40)])
            }
            try await live.withStrict { $0.routes = entries }
            let session = try await live.session()
            #expect(try await session.routes() == entries)
            await session.close()
        }
    }

    @Test func twoServersInTheSameMillisecond() async throws {
        try await run { live in
            // Another program's command, signed with a digest a moment ahead: NFD counts both as one key.
            let ahead = CommandClock()
            _ = ahead.next(wallClock: WallClock.milliseconds() + 10_000)
            let (first, second) = (try await live.session(clock: ahead), try await live.session())
            try await first.register(prefix, RibEntry.Route(faceID: 0))
            try await second.register(prefix.appending(.generic("b")), RibEntry.Route(faceID: 0))
            let answers = try await live.withStrict { $0.answers }
            #expect(answers.first == 200 && answers.last == 200 && answers.contains(403))
            await first.close()
            await second.close()
        }
    }

    @Test(arguments: [-180_000, 180_000] as [Int64])
    func aWrongClockIsExplained(_ ahead: Int64) async throws {
        var rules = StrictForwarder.Rules()
        rules.clockAhead = ahead
        try await run(rules) { live in
            let session = try await live.session(.key(try PrivateKey.generateP256(), locator: prefix))
            let error = try #require(
                await error { try await session.register(prefix, RibEntry.Route(faceID: 0)) })
            let text = "\(error)"
            for part in ["403 authorization rejected", "clock is 1", ahead > 0 ? "behind" : "ahead of", "NTP"] {
                #expect(text.contains(part), "\(text)")
            }
            await session.close()
        }
    }

    @Test func theWrongKeyIsExplained() async throws {
        let (right, wrong) = (prefix.appending(.generic("right")), prefix.appending(.generic("wrong")))
        var rules = StrictForwarder.Rules()
        rules.trusted = [right]
        try await run(rules) { live in
            let key = try PrivateKey.generateP256()
            let accepted = try await live.session(.key(key, locator: right))
            try await accepted.register(prefix, RibEntry.Route(faceID: 0))
            let refused = try await live.session(.key(key, locator: wrong))
            let error = try #require(
                await error { try await refused.register(prefix, RibEntry.Route(faceID: 0)) })
            for part in ["does not trust \(wrong)", "localhost_security", "clocks agree"] {
                #expect("\(error)".contains(part), "\(error)")
            }
            let unsigned = try await live.session()
            let other = try #require(
                await self.error { try await unsigned.register(prefix, RibEntry.Route(faceID: 0)) })
            #expect("\(other)".contains("registry-ndn keygen"), "\(other)")
            for session in [accepted, refused, unsigned] { await session.close() }
        }
    }

    @Test func aHubFetchesTheCertificateOverTheSameFace() async throws {
        var rules = StrictForwarder.Rules()
        rules.scope = .localhop
        rules.fetchesCertificates = true
        try await run(rules) { live in
            let key = try PrivateKey.generateP256()
            let name = try Name(uri: "/example/KEY/%01/self/v=1")
            var certificate = DataBuilder(name: name, content: try key.publicKey().spki)
            certificate.contentType = ContentType.key
            certificate.freshnessMilliseconds = 3_600_000
            let signer = Signer.key(key, locator: name.dropLast(2))
            let packet = try DataPacket(decoding: certificate.encode(signer: signer))
            let session = try await live.session(signer, certificates: [packet])
            #expect(!session.isLocal, "UDP is never local")
            try await session.register(prefix, RibEntry.Route(faceID: 0))
            #expect(try await live.withStrict { $0.fetchedCertificates } == [name])
            await session.close()
            let without = try await live.session(signer)
            let error = try #require(
                await error { try await without.register(prefix, RibEntry.Route(faceID: 0)) })
            #expect("\(error)".contains("localhop_security"))
            await without.close()
        }
    }

    @Test func atAHubThereAreOnlyRoutes() async throws {
        var rules = StrictForwarder.Rules()
        rules.scope = .localhop
        try await run(rules) { live in
            let session = try await live.session()
            #expect(try await session.routes() == [])
            let error = try #require(await error { _ = try await session.faces() })
            #expect(error.reason == .remote)
            await session.close()
        }
    }

    @Test func aLostAnswerIsAskedForWithANewCommand() async throws {
        var rules = StrictForwarder.Rules()
        rules.scope = .localhop
        rules.losses = 2
        try await run(rules) { live in
            let session = try await live.session(timeout: .seconds(1))
            // The same octets again would be a Nack Duplicate.
            try await session.register(prefix, RibEntry.Route(faceID: 0))
            #expect(try await live.withStrict { $0.answers } == [0, 0, 200])
            await session.close()
        }
    }

    @Test func silenceAndUnknownModulesEndWithAReason() async throws {
        try await run { live in
            let session = try await live.session(timeout: .milliseconds(500))
            let silent = try #require(
                await error { try await session.execute("rib", "nothing", ControlParameters(), action: "x") })
            #expect(silent.reason == .timeout)
            let unknown = try #require(
                await error { try await session.execute("cs", "erase", ControlParameters(), action: "x") })
            #expect(unknown.reason == .nack(.noRoute))
            await session.close()
        }
    }

    @Test func a200WithoutARouteIsNoticed() async throws {
        var rules = StrictForwarder.Rules()
        rules.applies = false
        try await run(rules) { live in
            let session = try await live.session()
            try await session.register(prefix, RibEntry.Route(faceID: 999))
            let error = try #require(
                await error {
                    try await session.awaitRoute(
                        prefix, RibEntry.Route(faceID: 999), timeout: .milliseconds(50))
                })
            #expect("\(error)".contains("does not list the route to face 999"))
            await session.close()
        }
    }

    @Test func anExistingFaceIsASuccess() async throws {
        try await run { live in
            var face = FaceStatus()
            face.faceID = 777
            face.remoteURI = "udp4://192.0.2.1:6363"
            let known = face
            try await live.withStrict { $0.faces = [known] }
            let session = try await live.session()
            #expect(try await session.face(to: known.remoteURI) == 777)
            #expect(try await session.faces() == [known])
            let error = try #require(await error { _ = try await session.face(to: "udp4://192.0.2.9:6363") })
            #expect("\(error)".contains("check that the remote end is reachable"))
            await session.close()
        }
    }
}
