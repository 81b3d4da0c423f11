import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// What `doctor` says of the way to the producers: the router, and what comes back through it.
struct PathExamination: Sendable {
    /// How long one Interest may take, and how often it is sent.
    private static let lifetime = TimeAmount.seconds(1)
    private static let attempts = 2
    /// For a connection to the router, with its host's name.
    private static let connecting = TimeBound(limit: .seconds(4))
    /// Octets in the name of a large ping, which its answer has as well: almost the largest packet, and what NDN-DPDK takes, whose
    /// names have at most 2048. Both are larger than an Ethernet frame.
    private static let large = 7000
    private static let larger = 1900

    /// Whose way it is.
    enum Asker: Sendable {
        case client, server

        fileprivate var routerRemedy: String {
            switch self {
            case .client: "start the forwarder there, or correct --router; a firewall may stand between as well"
            case .server: "start what should listen there, or correct --uplink; a firewall may stand between as well"
            }
        }

        fileprivate var routeRemedy: String {
            switch self {
            case .client:
                "start the server with this --name and that router, or correct --name; `registry-ndn routes` says what a forwarder knows"
            case .server:
                "start the server. If it runs, its log says why it is not registered: a 403 wants a key that the forwarder trusts (--keychain); with --register none somebody else must make the route"
            }
        }

        fileprivate var silenceRemedy: String {
            switch self {
            case .client:
                "see whether the server runs and has this --name, and whether its answers find their way back"
            case .server: "see whether the server runs, and has this --name and this --uplink"
            }
        }
    }

    let router: FaceURI
    let pinger: Pinger
    private let asker: Asker

    // MARK: the router

    /// Connects to the router and asks it, or says why it does not answer.
    ///
    /// - Parameter producers: who may answer in its place, when the router is a server itself.
    static func reach(
        _ choice: RouterOptions.Choice, face: FaceConfiguration, finder: () throws -> RouterFinder, producers: [Name],
        logger: Logger
    ) async -> (PathExamination?, DoctorReport.Outcome) {
        guard let uri = choice.uri else {
            do {
                return await found(by: try finder(), face, producers, logger)
            } catch {
                return (
                    nil,
                    .fail(
                        "no router can be looked for: \(error)", remedy: "correct --fch-url, or name one with --router")
                )
            }
        }
        var source = ""
        if case .local(let forwarder) = choice { source = " (this machine's forwarder: \(forwarder.source))" }
        return await reach(uri, source, face, producers, .client, logger)
    }

    private static func found(
        by finder: RouterFinder, _ face: FaceConfiguration, _ producers: [Name], _ logger: Logger
    ) async -> (PathExamination?, DoctorReport.Outcome) {
        let remedy = "start a forwarder on this machine, or name a router with --router"
        do {
            let found = try await TimeBound(limit: .seconds(8)).run { try await finder.find() }
            guard let best = found.first, best.answer != .silence else {
                return (nil, .fail("NDN-FCH names \(found.count) routers, and none of them answers", remedy: remedy))
            }
            return await reach(
                best.router.uri, " (the best of \(found.count) that NDN-FCH names)", face, producers, .client, logger)
        } catch {
            return (nil, .fail("no router is found: \(error)", remedy: remedy))
        }
    }

    /// The same for a place that is known.
    ///
    /// - Parameter source: why it is that one, for people.
    static func reach(
        _ uri: FaceURI, _ source: String, _ face: FaceConfiguration, _ producers: [Name], _ asker: Asker,
        _ logger: Logger
    ) async -> (PathExamination?, DoctorReport.Outcome) {
        let remedy = asker.routerRemedy
        let pinger: Pinger
        do {
            pinger = try await connecting.run {
                try await Pinger.connect(
                    to: uri, face: face, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            }
        } catch {
            let words = error is TimeBound.Exceeded ? "\(uri): \(error)" : "\(error)"
            return (nil, .fail("\(words)\(source)", remedy: remedy))
        }
        let questions: [(name: Name, exact: Bool)] =
            [(ManagementScope.localhop.question, true)] + producers.map { ($0, false) }
        for _ in 0..<attempts {
            guard let rtt = await ask(pinger, questions) else { continue }
            return (
                PathExamination(router: uri, pinger: pinger, asker: asker),
                .ok("\(uri)\(source) answers after \(milliseconds(rtt))")
            )
        }
        await pinger.close()
        return (nil, .fail("nothing answers at \(uri)\(source)", remedy: remedy))
    }

    /// Asks all at once, and gives the time of the first answer of any kind.
    private static func ask(_ pinger: Pinger, _ questions: [(name: Name, exact: Bool)]) async -> TimeAmount? {
        await withTaskGroup(of: TimeAmount?.self) { group in
            for question in questions {
                group.addTask { await pinger.ping(question.name, exact: question.exact, lifetime: lifetime).rtt }
            }
            var first: TimeAmount?
            for await rtt in group { if let rtt { first = min(first ?? rtt, rtt) } }
            return first
        }
    }

    // MARK: the producer

    /// Whether the server of a prefix answers, by a ping or, where it knows no pings, by what it says of blobs.
    func route(to prefix: Name, blob: BlobName?) async -> (answersPings: Bool, DoctorReport.Outcome) {
        var last = Pinger.Outcome.timeout
        for _ in 0..<Self.attempts {
            last = await pinger.ping(prefix, exact: false, lifetime: Self.lifetime)
            if case .data(_, let rtt) = last {
                return (true, .ok("the server of \(prefix.uri) answers after \(Self.milliseconds(rtt))"))
            }
        }
        // The server that is examined is this program, which answers pings; and a cache answers where no route leads any more.
        if case .client = asker, let blob, !last.isNoRoute { return (false, await route(to: blob, last)) }
        return (false, failure(of: prefix, last))
    }

    /// The same of a server that answers no pings.
    private func route(to blob: BlobName, _ ping: Pinger.Outcome) async -> DoctorReport.Outcome {
        let prefix = blob.prefix
        guard case .data = await pinger.ping(blob.segment, exact: true, lifetime: Self.lifetime) else {
            return failure(of: prefix, ping)
        }
        if let rtt = await deniesUnknown(of: blob) {
            return .ok(
                "a server of \(prefix.uri) answers for blobs after \(Self.milliseconds(rtt)), though to no ping")
        }
        return .warn(
            "\(router) brings a blob of \(prefix.uri), which a cache on the way may have given, and no answer to pings: whether a server runs is not known",
            remedy:
                "see whether the server runs; one that does answers pings, unless it is of the earlier Docker-Registry-NDN. A blob that nobody has pulled yet, with --blob, is in no cache"
        )
    }

    /// Asks for a blob that does not exist, and so is in no cache: a server of the earlier Docker-Registry-NDN says so.
    ///
    /// - Returns: the time until it has said so; nil when it does not.
    private func deniesUnknown(of blob: BlobName) async -> TimeAmount? {
        for _ in 0..<Self.attempts {
            let random = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
            guard let digest = SHA256Digest(bytes: random).map(ContentDigest.init(sha256:)) else { return nil }
            let unknown = BlobName(prefix: blob.prefix, repository: blob.repository, digest: digest)
            let outcome = await pinger.ping(unknown.segment, exact: true, lifetime: Self.lifetime)
            if case .data(_, let rtt) = outcome { return rtt }
        }
        return nil
    }

    private func failure(of prefix: Name, _ outcome: Pinger.Outcome) -> DoctorReport.Outcome {
        switch outcome {
        case .nack(.noRoute, _):
            .fail(
                "\(router) has no route to \(prefix.uri): no server has registered this prefix there",
                remedy: asker.routeRemedy)
        case .nack(let reason, _):
            .fail(
                "\(router) refuses Interests for \(prefix.uri): Nack \(reason)",
                remedy: "see the log of the router, and whether the server behind it runs")
        default:
            .fail(
                "no server of \(prefix.uri) answers through \(router)",
                remedy: asker.silenceRemedy)
        }
    }

    /// Whether large packets come through, where small ones do.
    func packetSize(to prefix: Name, answersPings: Bool) async -> DoctorReport.Outcome {
        guard router.scheme == .udp else { return .skip("the router is not reached over UDP, which alone has a limit") }
        guard answersPings else { return .skip("the server answers no pings") }
        let sizes = [Self.large, Self.larger]
        let comes = await withTaskGroup(of: (size: Int, comes: Bool).self) { group in
            for size in sizes {
                group.addTask { (size, await self.comes(size, prefix)) }
            }
            var all: [Int: Bool] = [:]
            for await one in group { all[one.size] = one.comes }
            return all
        }
        switch (comes[Self.large] ?? false, comes[Self.larger] ?? false) {
        case (true, _): return .ok("packets of \(Self.large) octets come through")
        case (false, true):
            return .warn(
                "packets of \(Self.larger) octets come through, but none of \(Self.large)",
                remedy:
                    "NDN-DPDK takes no longer names; elsewhere fragments are lost on the way: see whether blobs come with --image, and try a smaller --mtu"
            )
        case (false, false):
            return .fail(
                "small packets come through \(router), but none larger than \(Self.larger) octets: fragments are dropped on the way, or a link takes less than it says (an MTU hole)",
                remedy:
                    "give client, forwarder and server --mtu 1200, let ICMP \"fragmentation needed\" through the firewalls, or name the router as tcp://HOST:PORT"
            )
        }
    }

    private func comes(_ size: Int, _ prefix: Name) async -> Bool {
        for _ in 0..<Self.attempts {
            let filling = String(repeating: "0", count: size - 20) + "\(UInt64.random(in: .min ... .max))"
            let name = prefix.appending(.generic("ping")).appending(.generic(filling))
            if case .data = await pinger.ping(name, exact: true, lifetime: Self.lifetime) { return true }
        }
        return false
    }

    private static func milliseconds(_ time: TimeAmount) -> String {
        ProgressBar.tenths(Double(time.nanoseconds) / 1e6) + " ms"
    }
}

extension Pinger.Outcome {
    /// Until an answer of any kind; nil without one.
    fileprivate var rtt: TimeAmount? {
        switch self {
        case .data(_, let rtt), .nack(_, let rtt): rtt
        case .timeout, .faceDown, .malformed: nil
        }
    }

    fileprivate var isNoRoute: Bool { if case .nack(.noRoute, _) = self { true } else { false } }
}

extension BlobName {
    /// The name of its first packet.
    var segment: Name { name.appending(.segment(0)) }
}
