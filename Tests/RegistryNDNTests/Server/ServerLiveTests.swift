import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import NDN
@testable import RegistryNDN

/// The whole server over real sockets, reading from a registry in this process.
@Suite(.timeLimit(.minutes(1))) struct ServerLiveTests {
    static let prefix = try! Name(uri: "/example/docker")
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func name(_ registry: ServerRegistry) -> Name {
        BlobName(prefix: prefix, repository: RepositoryName("demo/app")!, digest: registry.digest).name
    }

    /// Runs a server with listeners and calls `body` with their addresses.
    static func withServer(
        _ registry: ServerRegistry, listeners: [String] = ["udp://127.0.0.1:0"],
        change: (inout BlobServer.Configuration) -> Void = { _ in },
        _ body: @Sendable @escaping ([FaceURI]) async throws -> Void
    ) async throws {
        var configuration = BlobServer.Configuration(prefix: prefix, origin: .registry(try UpstreamURL(registry.url)))
        configuration.listeners = try listeners.map { try FaceURI($0) }
        change(&configuration)
        let (ready, continuation) = AsyncStream.makeStream(of: FaceURI.self)
        let server = BlobServer(configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger) {
            if case .listening(let uri) = $0 { continuation.yield(uri) }
        }
        let group = ServiceGroup(services: [server], logger: logger)
        let count = listeners.count
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var uris: [FaceURI] = []
            for await uri in ready {
                uris.append(uri)
                if uris.count == count { break }
            }
            do {
                try await body(uris)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await registry.close()
    }

    static func fetch(_ name: Name, from uri: FaceURI) async throws -> [UInt8] {
        let fetcher = try await BlobFetcher.connect(
            router: uri, configuration: .patient, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        do {
            let reader = try await fetcher.open(name)
            var octets: [UInt8] = []
            while let chunk = try await reader.next() { octets += chunk.readableBytesView }
            await fetcher.shutdown()
            return octets
        } catch {
            await fetcher.shutdown()
            throw error
        }
    }

    /// Sends one Interest; its Data, or nil when nothing comes within its lifetime, or the server says that nothing comes for now.
    static func ask(_ interest: InterestBuilder, at uri: FaceURI) async throws -> DataPacket? {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: DataPacket.self)
        let endpoint = try await loop.submit {
            let connector = FaceConnector(to: uri, on: loop, logger: logger)
            let endpoint = Endpoint(face: connector.face)
            endpoint.add(
                FaceHandlers(state: { [unowned endpoint] in
                    if $0 == .up { endpoint.express(interest).cascade(to: promise) }
                }))
            connector.start()
            return NIOLoopBound(endpoint, eventLoop: loop)
        }.get()
        var data: DataPacket?
        do {
            data = try await promise.futureResult.get()
        } catch ExpressError.timeout {
            data = nil
        } catch ExpressError.nack(.congestion) {
            data = nil
        } catch {
            try await loop.submit { endpoint.value.close() }.get()
            throw error
        }
        try await loop.submit { endpoint.value.close() }.get()
        return data
    }

    static func segment(_ number: UInt64, of name: Name, lifetime: UInt64 = 300) -> InterestBuilder {
        var interest = InterestBuilder(name: name.appending(.segment(number)))
        interest.lifetimeMilliseconds = lifetime
        return interest
    }

    @Test(
        arguments: [
            ("udp://127.0.0.1:0", Packing.onEventLoop), ("udp://127.0.0.1:0", .whereRead),
            ("tcp://127.0.0.1:0", .onEventLoop),
        ], [0, 1, 7777, 7778, 5_000_001])
    func theBlobArrivesIdentical(_ server: (listener: String, packing: Packing), size: Int) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(size))
        let change: (inout BlobServer.Configuration) -> Void = { $0.packing = server.packing }
        try await Self.withServer(registry, listeners: [server.listener], change: change) { uris in
            let octets = try await Self.fetch(Self.name(registry), from: uris[0])
            #expect(octets == registry.blob)
        }
    }

    @Test func eachOctetIsReadOnceForSeveralClients() async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(9_000_000))
        try await Self.withServer(registry, listeners: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]) { uris in
            async let first = Self.fetch(Self.name(registry), from: uris[0])
            async let second = Self.fetch(Self.name(registry), from: uris[1])
            let (one, other) = try await (first, second)
            #expect(one == registry.blob)
            #expect(other == registry.blob)
        }
        let starts = registry.requests.compactMap(\.range?.first)
        #expect(Set(starts).count == starts.count)
        let reads = registry.requests.filter { $0.uri != "/v2/" }
        #expect(reads.allSatisfy { $0.fields["accept-encoding"] == "identity" })
    }

    @Test func aPITTokenComesBack() async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(20_000))
        try await Self.withServer(registry) { uris in
            let token = try #require(PitToken(bytes: [1, 2, 3, 4, 5, 6]))
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let promise = loop.makePromise(of: PitToken?.self)
            let face = try await loop.submit {
                let connector = FaceConnector(to: uris[0], on: loop, logger: Self.logger)
                let endpoint = Endpoint(face: connector.face)
                // Asked once, so it must outlive a machine that is busy with other tests.
                var interest = Self.segment(0, of: Self.name(registry))
                interest.lifetimeMilliseconds = 60_000
                let encoded = try interest.encode()
                let data: (DataPacket, LinkFields) -> Void = { promise.succeed($1.pitToken) }
                endpoint.add(
                    FaceHandlers(data: data) { [unowned endpoint] state in
                        guard state == .up else { return }
                        endpoint.face.send(encoded, LinkFields(pitToken: token))
                        endpoint.face.flush()
                    })
                connector.start()
                return NIOLoopBound(endpoint, eventLoop: loop)
            }.get()
            let echoed = try await promise.futureResult.get()
            #expect(echoed == token)
            try await loop.submit { face.value.close() }.get()
        }
    }

    @Test(
        "Whoever asks whether a listening server is there hears a Nack, as from a forwarder", arguments: [true, false])
    func aSignOfLife(isLocal: Bool) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(1))
        try await Self.withServer(registry) { uris in
            var question = InterestBuilder(name: (isLocal ? ManagementScope.localhost : .localhop).question)
            question.canBePrefix = true
            question.mustBeFresh = true
            let asked = question
            await #expect(throws: ExpressError.nack(.noRoute)) { try await Self.ask(asked, at: uris[0]) }
        }
    }

    @Test func silenceForWhatDoesNotExistAndANackForTheQuestion() async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(20_000))
        try await Self.withServer(registry) { uris in
            let unknown = BlobName(
                prefix: Self.prefix, repository: RepositoryName("demo/app")!,
                digest: ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "unknown")))
            )
            let none = try await Self.ask(Self.segment(0, of: unknown.name), at: uris[0])
            #expect(none == nil)
            var question = InterestBuilder(name: unknown.metadataName)
            question.canBePrefix = true
            question.mustBeFresh = true
            question.lifetimeMilliseconds = 30_000
            let answer = try await Self.ask(question, at: uris[0])
            let nack = try #require(answer)
            #expect(nack.contentType == ContentType.nack)
            #expect(nack.freshnessMilliseconds == 1000)
            #expect(nack.verify(with: .digest))
            // Past the end, before and after the size is known.
            var answered: [UInt64] = []
            for number: UInt64 in [900, 2, 3] {
                // What is awaited in earnest may take its time on a busy machine.
                let interest = Self.segment(number, of: Self.name(registry), lifetime: number == 2 ? 30_000 : 300)
                let data = try await Self.ask(interest, at: uris[0])
                if data != nil { answered.append(number) }
            }
            #expect(answered == [2])
        }
        // Asked for three times in all, read once a second at most.
        let others = registry.requests.filter { $0.uri != "/v2/" && !$0.uri.hasSuffix("\(registry.digest)") }
        #expect(others.count <= 2)
    }

    @Test func whereAKeySignsItSignsNacksToo() async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(20_000))
        let key = try TestKey("/example/docker")
        let change: (inout BlobServer.Configuration) -> Void = {
            $0.key = SigningKey(name: key.name, key: key.key, chain: [key.certificate])
            $0.signsData = true
        }
        try await Self.withServer(registry, change: change) { uris in
            let unknown = BlobName(
                prefix: Self.prefix, repository: RepositoryName("demo/app")!,
                digest: ContentDigest(sha256: SHA256.hash(ByteBuffer(string: "unknown"))))
            var question = InterestBuilder(name: unknown.metadataName)
            question.mustBeFresh = true
            question.lifetimeMilliseconds = 30_000
            let answer = try await Self.ask(question, at: uris[0])
            let nack = try #require(answer)
            #expect(nack.contentType == ContentType.nack && nack.freshnessMilliseconds == 1000)
            #expect(nack.verify(with: .key(key.certificate.publicKey)))
            #expect(nack.signature.keyLocator == .name(key.certificate.name))
        }
    }

    @Test(arguments: [
        ServerRegistry.Fault.wrongRange, .closesEarly, .status("500 Internal Server Error"),
        .status("401 Unauthorized"),
    ])
    func aFaultyRegistryNeverBecomesWrongData(fault: ServerRegistry.Fault) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(5_000_001))
        registry.set(fault)
        let change: (inout BlobServer.Configuration) -> Void = { $0.fetchChunks = 64 }
        try await Self.withServer(registry, change: change) { uris in
            // The last segment of a range that is never whole.
            let none = try await Self.ask(Self.segment(63, of: Self.name(registry)), at: uris[0])
            #expect(none == nil)
            registry.set(.none)
            let octets = try await Self.fetch(Self.name(registry), from: uris[0])
            #expect(octets == registry.blob)
        }
    }

    /// Whatever a registry makes of a Range, it has the blob: it is read from its begin then, or slice by slice.
    @Test(
        arguments: [
            ServerRegistry.Fault.refusesRange("400 Bad Request"), .refusesRange("403 Forbidden"),
            .refusesRange("405 Method Not Allowed"), .refusesRange("416 Range Not Satisfiable"),
            .refusesRange("501 Not Implemented"), .hidesTotal, .slices, .hidesLength(tellsHead: true),
            .hidesLength(tellsHead: false),
        ], [1, 5_000_001])
    func aRegistryWithoutRangesIsServedAllTheSame(fault: ServerRegistry.Fault, size: Int) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(size))
        registry.set(fault)
        let change: (inout BlobServer.Configuration) -> Void = { $0.fetchChunks = 64 }
        try await Self.withServer(registry, change: change) { uris in
            let octets = try await Self.fetch(Self.name(registry), from: uris[0])
            #expect(octets == registry.blob)
        }
    }

    /// Where the registry itself says no, or gives what makes no sense, whoever asks is told at once, and each time: the path is
    /// well, and the client has other ways.
    @Test(arguments: [
        ServerRegistry.Fault.status("403 Forbidden"), .status("400 Bad Request"), .status("410 Gone"),
        .status("204 No Content"), .status("500 Internal Server Error"), .status("999 Odd"),
        .status("101 Switching Protocols"), .breaksChunks,
    ])
    func whatTheRegistryRefusesIsSaid(fault: ServerRegistry.Fault) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(20_000))
        registry.set(fault)
        try await Self.withServer(registry) { uris in
            var question = InterestBuilder(name: Self.name(registry).appending(BlobName.metadataComponent))
            question.mustBeFresh = true
            question.lifetimeMilliseconds = 30_000
            for _ in 0..<2 {
                let answer = try await Self.ask(question, at: uris[0])
                #expect(answer?.contentType == ContentType.nack)
            }
        }
    }

    /// Where Range is ignored each answer is the blob from octet 0 on: the ranges are cut out as they pass.
    @Test(arguments: [ServerRegistry.Fault.none, .ignoresRange])
    func aBlobInSequenceTakesFewAnswers(fault: ServerRegistry.Fault) async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(9_000_000))
        registry.set(fault)
        let change: (inout BlobServer.Configuration) -> Void = { $0.fetchChunks = 64 }
        try await Self.withServer(registry, change: change) { uris in
            let octets = try await Self.fetch(Self.name(registry), from: uris[0])
            #expect(octets == registry.blob)
        }
        // 19 ranges of it; the final segment, which tells the size, is asked for beside them.
        #expect(registry.requests.count < 10)
    }

    /// What passes by on the way is refused: the read that it is on the way to must end too.
    @Test func aSizeThatChangesOnTheWayToARangeLeavesNothingBeingRead() async throws {
        let registry = try await ServerRegistry(blob: ServerSlabTests.blob(5_000_001))
        let change: (inout BlobServer.Configuration) -> Void = { $0.fetchChunks = 64 }
        try await Self.withServer(registry, change: change) { uris in
            let first = try await Self.ask(Self.segment(0, of: Self.name(registry), lifetime: 30_000), at: uris[0])
            #expect(first != nil)
            registry.set(.ignoresRangeAndGrows)
            let none = try await Self.ask(Self.segment(200, of: Self.name(registry)), at: uris[0])
            #expect(none == nil)
            registry.set(.none)
            let octets = try await Self.fetch(Self.name(registry), from: uris[0])
            #expect(octets == registry.blob)
        }
    }
}
