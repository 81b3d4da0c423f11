import RegistryNDN

/// What `top` shows of a program: lines no wider than the terminal, where there is one.
struct StateScreen {
    /// The numbers of SGR (ECMA-48, section 8.3.117).
    enum Color: Int {
        case strong = 1
        case bad = 31
        case good = 32
        case registry = 33
        case ndn = 36
    }

    /// Text of one colour.
    struct Piece {
        var text: String
        var color: Color?
        var isNumber = false

        /// - Parameter text: may be a peer's, which must neither break lines nor command the terminal.
        init(_ text: String, _ color: Color? = nil) {
            self.text = String(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
            self.color = color
        }

        static func number(_ text: String, _ color: Color? = nil) -> Piece {
            var piece = Piece(text, color)
            piece.isNumber = true
            return piece
        }
    }

    private static let narrowest = 12
    private static let bar = 20

    private let width: Int
    private let state: ProgramState
    private let before: ProgramState?
    private var rows: [[Piece]] = []

    /// - Parameter before: an earlier state, from which rates follow.
    init(_ state: ProgramState, since before: ProgramState?, width: Int) {
        self.state = state
        self.before = before
        self.width = max(width, 20)
        writeHead()
        if let client = state.client { write(client) }
        if let server = state.server { write(server) }
        if let forwarder = state.forwarder { write(forwarder) }
        writeProblems()
    }

    func lines(hasColors: Bool) -> [String] {
        rows.map { row in
            var room = width
            var line = ""
            for piece in row where room > 0 {
                let text = String(piece.text.prefix(room))
                room -= text.count
                if hasColors, let color = piece.color {
                    line += "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
                } else {
                    line += text
                }
            }
            guard !hasColors else { return line }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    // MARK: what programs have in common

    private mutating func writeHead() {
        let health = state.health
        let (words, color): (String, Color) =
            switch health.state {
            case .ready: ("ready", .good)
            case .degraded: (health.summary ?? "degraded", .registry)
            case .notReady: (health.summary ?? "not ready", .bad)
            }
        let age = Self.duration(state.now - state.started)
        rows.append([
            Piece("registry-ndn \(state.program)", .strong), Piece(" \(state.version)  "), Piece(words, color),
            Piece(
                "  up \(age), memory \(Self.size(state.process.memoryBytes ?? 0)), processor \(Self.duration(state.process.cpuSeconds))"
            ),
        ])
        if let reason = health.reason { writeWrapped(reason) }
        if let remedy = health.remedy { writeWrapped("What to do: \(remedy).") }
    }

    private mutating func writeProblems() {
        guard !state.problems.isEmpty else { return }
        writeTitle("Warnings and errors")
        for problem in state.problems.suffix(5).reversed() {
            let ago = Self.duration(max(0, state.now - problem.time))
            let color: Color = problem.level == "warning" ? .registry : .bad
            rows.append([Piece("  \(ago) ago "), Piece(problem.level, color), Piece(" \(problem.text)")])
        }
    }

    private mutating func writeTitle(_ title: String) {
        rows.append([])
        rows.append([Piece(title, .strong)])
    }

    private mutating func writeWrapped(_ text: String) {
        var line = " "
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > width, line != " " {
                rows.append([Piece(line)])
                line = " "
            }
            line += " \(word)"
        }
        rows.append([Piece(line)])
    }

    /// Columns as wide as their widest cell; the first one gives way where there is no room.
    private mutating func writeTable(_ table: [[Piece]], none: String) {
        guard let columns = table.map(\.count).max() else { return rows.append([Piece("  \(none)")]) }
        var widths = (0..<columns).map { column in
            table.map { $0.indices.contains(column) ? $0[column].text.count : 0 }.max() ?? 0
        }
        let excess = widths.reduce(0, +) + 2 * columns - width
        if excess > 0 { widths[0] = max(min(widths[0], Self.narrowest), widths[0] - excess) }
        for row in table {
            rows.append(
                zip(row, widths).flatMap { cell, width in
                    var cell = cell
                    if cell.text.count > width { cell.text = cell.text.prefix(width - 1) + "…" }
                    let gap = String(repeating: " ", count: width - cell.text.count)
                    return cell.isNumber ? [Piece("  \(gap)"), cell] : [Piece("  "), cell, Piece(gap)]
                })
        }
    }

    /// What a counter grew a second.
    private func rate(_ now: Double, _ then: Double?, otherwise: Double = 0) -> Double {
        guard let before, let then, state.now > before.now else { return otherwise }
        return max(0, now - then) / (state.now - before.now)
    }

    private func rate(_ now: UInt64, _ then: UInt64?) -> Double { rate(Double(now), then.map { Double($0) }) }

    // MARK: client

    private mutating func write(_ client: ClientState) {
        let (ndn, registry) = (Self.sum(client.hour.ndnBytes), Self.sum(client.hour.upstreamBytes))
        writeTitle("Last hour")
        writeTable(
            [
                [Piece("over NDN", .ndn), .number(Self.size(ndn)), .number(Self.share(ndn, ndn + registry))],
                [
                    Piece("from the registry", .registry), .number(Self.size(registry)),
                    .number(Self.share(registry, ndn + registry)),
                ],
            ], none: "")
        writeTitle("Pulls in progress (\(client.pullCount))")
        writeTable(client.pulls.map(row), none: "none")
        if !client.recent.isEmpty {
            writeTitle("Last pulls")
            writeTable(client.recent.map(recentRow), none: "none")
        }
        writeTitle("Routers")
        writeTable(
            client.routers.map { router in
                [
                    Piece(router.uri),
                    router.isUp
                        ? Piece(router.isUsed ? "in use" : "spare", router.isUsed ? .good : nil)
                        : Piece("not reached", .bad),
                    .number(router.roundTripSeconds.map(Self.duration) ?? "–"), Piece(router.trouble ?? ""),
                ]
            }, none: "no router is known")
        writeTitle("Registries")
        writeTable(
            client.registries.map { registry in
                [
                    Piece(registry.prefix), Piece(registry.standing, registry.isUp ? .good : .bad),
                    .number("\(Self.size(registry.ndnBytes)) over NDN"),
                    .number("\(Self.size(registry.upstreamBytes)) from \(registry.url)"),
                ]
            }, none: "none")
    }

    private func row(_ pull: ClientState.Pull) -> [Piece] {
        let octets = Self.octets(pull)
        let earlier = before?.client?.pulls.first { $0.id == pull.id }
        let rate = rate(octets, earlier.map(Self.octets), otherwise: octets / max(pull.seconds, 0.001))
        let source = Self.source(pull)
        var cells = [
            Piece("\(pull.repository) \(Self.short(pull.digest))"), source, .number(Self.size(octets)),
            .number("\(Self.size(rate))/s"),
        ]
        guard let size = pull.size.map({ Double($0) }), size > 0 else { return cells }
        let full = Int(min(1, octets / size) * Double(Self.bar))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: Self.bar - full)
        cells += [Piece("[\(bar)]", source.color), .number(Self.share(octets, size))]
        if rate > 0 { cells.append(.number("\(Self.duration(max(0, size - octets) / rate)) left")) }
        return cells
    }

    private func recentRow(_ pull: ClientState.Pull) -> [Piece] {
        [
            Piece("\(pull.repository) \(Self.short(pull.digest))"), Self.outcome(pull),
            .number(Self.size(Self.octets(pull))),
            .number("in \(Self.duration(pull.seconds))"),
            Piece(
                [pull.failure, pull.fallback].compactMap { $0 }.joined(separator: "; "),
                pull.failure == nil ? nil : .bad),
        ]
    }

    /// Of a pull that is over.
    private static func outcome(_ pull: ClientState.Pull) -> Piece {
        if let status = pull.status, status >= 400 { return Piece("failed, \(status)", .bad) }
        return octets(pull) > 0 ? source(pull) : Piece("nothing", pull.failure == nil ? nil : .bad)
    }

    private static func source(_ pull: ClientState.Pull) -> Piece {
        switch (pull.ndnBytes > 0, pull.upstreamBytes > 0) {
        case (true, true): Piece("both", .ndn)
        case (true, false): Piece("NDN", .ndn)
        case (false, true): Piece("registry", .registry)
        case (false, false): Piece("waits")
        }
    }

    // MARK: server and forwarder

    private mutating func write(_ server: ServerState) {
        let then = before?.server
        writeTitle("Prefixes")
        writeTable(
            server.prefixes.map { prefix in
                [
                    Piece(prefix.name),
                    prefix.isRegistered.map { Piece($0 ? "registered" : "not registered", $0 ? .good : .bad) }
                        ?? Piece("needs no registration"),
                    Piece("from \(server.origin)"),
                ]
            }, none: "none")
        writeTitle("Where it is asked")
        var ways = server.listeners.map { [Piece($0), Piece("listens", .good)] }
        if let uplink = server.uplink {
            ways.append([
                Piece(uplink.uri), uplink.isUp ? Piece("uplink", .good) : Piece("uplink, not reached", .bad),
                Piece(uplink.trouble ?? ""),
            ])
        }
        writeTable(ways, none: "nowhere")
        writeTitle("Interests and the cache")
        writeTable(
            [
                counter("Interests", server.interests, then?.interests), counter("Data", server.data, then?.data),
                counter("from the cache", server.cacheHits, then?.cacheHits),
                counter("registry reads", server.registryReads, then?.registryReads),
                counter("registry reads that failed", server.registryFailures, then?.registryFailures),
                counter("over limits", server.limited, then?.limited),
                [
                    Piece("read at the registry"), .number(Self.size(server.registryBytes)),
                    .number("\(Self.size(rate(server.registryBytes, then?.registryBytes)))/s"),
                ],
                [
                    Piece("cache"), .number(Self.size(server.cacheBytes)),
                    .number("of \(Self.size(server.cacheCapacityBytes))"),
                ],
                [Piece("waiting Interests"), .number("\(server.waitingInterests)")],
                [Piece("faces"), .number("\(server.faces)")],
            ], none: "")
    }

    private mutating func write(_ forwarder: ForwarderState) {
        let then = before?.forwarder
        writeTitle("Packets")
        writeTable(
            [
                counter("Interests", forwarder.interests, then?.interests),
                counter("Data", forwarder.data, then?.data),
                counter("from the content store", forwarder.csHits, then?.csHits),
                counter("without Data", forwarder.unsatisfied, then?.unsatisfied),
                counter("Nacks", forwarder.nacks, then?.nacks), counter("dropped", forwarder.drops, then?.drops),
                [
                    Piece("content store"), .number(Self.size(forwarder.csBytes)),
                    .number("of \(Self.size(forwarder.csCapacityBytes))"),
                ],
                [
                    Piece("pending Interests"), .number("\(forwarder.pitEntries)"),
                    .number("of \(forwarder.pitCapacityEntries)"),
                ],
            ], none: "")
        writeTitle("Routes (\(forwarder.routeCount))")
        let places = Dictionary(
            forwarder.faces.map { face in (face.id, face.uri + (face.health.map { " (\($0))" } ?? "")) }
        ) { first, _ in first }
        writeTable(
            forwarder.routes.map { route in
                [Piece(route.prefix), Piece(route.faces.map { places[$0] ?? "face \($0)" }.joined(separator: ", "))]
            }, none: "no prefix has a route")
        writeTitle("Faces (\(forwarder.faceCount))")
        writeTable(
            forwarder.faces.map { face in
                let earlier = then?.faces.first { $0.id == face.id }
                return [
                    Piece(face.uri), .number("received \(Self.size(face.inBytes))"),
                    .number("\(Self.size(rate(face.inBytes, earlier?.inBytes)))/s"),
                    .number("sent \(Self.size(face.outBytes))"),
                    .number("\(Self.size(rate(face.outBytes, earlier?.outBytes)))/s"),
                ]
            }, none: "nobody is connected")
    }

    private func counter(_ name: String, _ now: UInt64, _ then: UInt64?) -> [Piece] {
        [Piece(name), .number("\(now)"), .number("\(Self.whole(rate(now, then)))/s")]
    }

    // MARK: words

    // A program may say any number of itself.

    private static func sum(_ octets: [UInt64]) -> Double { octets.reduce(0) { $0 + Double($1) } }

    private static func octets(_ pull: ClientState.Pull) -> Double {
        Double(pull.ndnBytes) + Double(pull.upstreamBytes)
    }

    private static func whole(_ number: Double) -> String {
        Int(exactly: number.rounded(.down)).map { "\($0)" } ?? "\(number)"
    }

    private static func size(_ octets: some BinaryInteger) -> String { ProgressBar.size(Double(octets)) }

    private static func size(_ octets: Double) -> String { ProgressBar.size(octets) }

    /// Neither all nor nothing unless it is.
    static func share(_ part: Double, _ all: Double) -> String {
        guard all > 0 else { return "–" }
        let percent = 100 * min(1, part / all)
        if part > 0, percent < 1 { return "< 1 %" }
        return part < all && percent > 99 ? "> 99 %" : "\(Int(percent.rounded())) %"
    }

    private static func short(_ digest: String) -> String {
        String((digest.hasPrefix("sha256:") ? digest.dropFirst(7) : digest[...]).prefix(12))
    }

    static func duration(_ seconds: Double) -> String {
        switch max(0, seconds) {
        case ..<1: "\(ProgressBar.tenths(max(0, seconds) * 1000)) ms"
        case ..<60: "\(ProgressBar.tenths(seconds)) s"
        case ..<3600: "\(Int(seconds) / 60) min"
        case ..<172_800: "\(Int(seconds) / 3600) h \(Int(seconds) / 60 % 60) min"
        default: seconds < 1e12 ? "\(Int(seconds) / 86400) days" : "long"
        }
    }
}
