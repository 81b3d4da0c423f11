import ArgumentParser
import NDN
import NIOCore
import UnixSignals

/// `registry-ndn register`: a route at a forwarder.
struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Register a route to a prefix at a forwarder (rib/register).",
        discussion: """
            With --face the route leads there and stays; registering it again changes nothing but cost and expiry. Without, \
            it leads to this command, which keeps it until it is ended: to try whether a forwarder lets this key register. \
            The server registers its own prefix by itself.
            """)

    @Argument(help: "The prefix.", transform: NameArgument.parse)
    var prefix: Name

    @Option(
        help: .number("Cost of the route.", 0...Int.max, usually: 0), transform: WholeNumber.within(0...Int.max))
    var cost = 0

    @OptionGroup var target: RouteTarget

    @Option(
        help: .duration("How long the route lives. (default: as long as its face)"),
        transform: DurationArgument.parse)
    var expires: DurationArgument?

    @OptionGroup var forwarder: ForwarderOptions

    func validate() throws {
        guard expires.map({ $0.amount >= .milliseconds(1) }) ?? true else {
            throw ValidationError("--expires must be at least 1ms")
        }
        try target.checkMakeable()
    }

    func run() async throws {
        try await forwarder.withSession(about: prefix) { session in
            if target.face == nil { try await keep(session) } else { try await register(session) }
        }
    }

    private func route(face: UInt64, origin: UInt64) -> RibEntry.Route {
        RibEntry.Route(
            faceID: face, origin: origin, cost: UInt64(cost),
            expirationPeriod: expires.map { UInt64($0.amount.nanoseconds / 1_000_000) })
    }

    private func register(_ session: ManagementSession) async throws {
        let face = try await target.makeFace(session)
        let route = route(face: face, origin: RouteOrigin.staticRoute)
        try await session.register(prefix, route)
        try await session.awaitRoute(prefix, route)
        Output.write("\(prefix) registered at \(session.router) for face \(face)\n")
    }

    /// Keeps the route to this connection until a signal.
    private func keep(_ session: ManagementSession) async throws {
        let route = route(face: 0, origin: RouteOrigin.client)
        let face = try await session.register(prefix, route)
        Output.write("\(prefix) registered at \(session.router) for face \(face), this command; Ctrl-C ends it\n")
        let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: [.sigint, .sigterm]) { return true }
                return true
            }
            group.addTask {
                await session.closed()
                return false
            }
            group.addTask {
                // The face of a UDP peer that is idle is closed, and the route with it.
                while true {
                    try await Task.sleep(for: .seconds(60))
                    try await session.register(prefix, route)
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
        guard ended else {
            throw RouteTarget.Failure(description: "the connection to \(session.router) is lost, and the route with it")
        }
        try await session.unregister(prefix, face: 0, origin: route.origin)
    }
}

/// `registry-ndn unregister`: removes what `register --face` made.
struct UnregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "Remove routes to a prefix from a forwarder (rib/unregister).",
        discussion: """
            With --face: the routes to that face, whoever made them. Without: all that were made by hand (origin static). \
            That there is none such is no error.
            """)

    @Argument(help: "The prefix.", transform: NameArgument.parse)
    var prefix: Name

    @OptionGroup var target: RouteTarget
    @OptionGroup var forwarder: ForwarderOptions

    func run() async throws {
        try await forwarder.withSession(about: prefix) { session in
            let face = try await target.findFace(session)
            if target.face != nil, face == nil {
                Output.write("\(session.router) has no face to \(target.face ?? ""), so nothing to unregister\n")
                return
            }
            let routes = try await session.routes().filter { $0.name == prefix }.flatMap(\.routes)
            let doomed = routes.filter { face == nil ? $0.origin == RouteOrigin.staticRoute : $0.faceID == face }
            for route in doomed {
                try await session.unregister(prefix, face: route.faceID, origin: route.origin)
                Output.write("\(prefix) unregistered at \(session.router) for face \(route.faceID)\n")
            }
            if doomed.isEmpty { Output.write("\(session.router) has no such route to \(prefix)\n") }
        }
    }
}
