import ArgumentParser
import NDN

/// `registry-ndn routes`: a forwarder's routing table.
struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes", abstract: "List the routes of a forwarder (rib/list).",
        discussion: NextHopHealth.discussion)

    @Option(help: "Only this prefix.", transform: NameArgument.parse)
    var prefix: Name?

    @OptionGroup var forwarder: ForwarderOptions

    func run() async throws {
        try await forwarder.withSession { session in
            var table = TextTable(["PREFIX", "FACE", "ORIGIN", "COST", "FLAGS", "EXPIRES", "HEALTH"])
            let health = await Self.health(session)
            for entry in try await session.routes() where prefix == nil || prefix == entry.name {
                for route in entry.routes {
                    table.add([
                        "\(entry.name)", "\(route.faceID)", Self.origin(route.origin), "\(route.cost)",
                        Self.flags(route.flags), route.expirationPeriod.map { "\($0 / 1000)s" } ?? "never",
                        NextHopHealth.word(health[route.faceID]),
                    ])
                }
            }
            table.print()
        }
    }

    /// What the forwarder says of its next hops, by face: over UDP and from other machines nothing.
    private static func health(_ session: ManagementSession) async -> [UInt64: FaceStatus.Health] {
        guard session.isLocal, let faces = try? await session.faces() else { return [:] }
        let known = faces.compactMap { face in face.health.map { (face.faceID, $0) } }
        return Dictionary(known) { first, _ in first }
    }

    private static func origin(_ number: UInt64) -> String {
        let names: [UInt64: String] = [
            0: "app", 64: "autoreg", 65: "client", 66: "autoconf", 128: "nlsr", 129: "prefixann", 255: "static",
        ]
        return names[number] ?? "\(number)"
    }

    private static func flags(_ flags: RouteFlags) -> String {
        var names: [String] = []
        if flags.contains(.childInherit) { names.append("child-inherit") }
        if flags.contains(.capture) { names.append("capture") }
        return names.isEmpty ? "none" : names.joined(separator: "|")
    }
}
