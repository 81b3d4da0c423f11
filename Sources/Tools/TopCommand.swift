import ArgumentParser
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN
import UnixSignals

/// `registry-ndn top`: what a running program's page shows, on a terminal.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch a running client, server or forwarder.",
        discussion: """
            Shows what the page at its --admin shows: pulls in progress, where bytes came from, routers, health, warnings. q or \
            Ctrl-C ends it.
            """)

    @Option(
        help: """
            The program's --admin, HOST:PORT or http://HOST:PORT. (default: DOCKER_NDN_ADMIN, else 127.0.0.1:9100)
            """)
    var admin: String?

    @Flag(help: "Print it once, with the rates of one second, and end.")
    var once = false

    @OptionGroup var log: LogOptions

    /// What cannot go on, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func validate() throws { _ = try address() }

    func run() async throws {
        let events = StateEvents(at: try address(), logger: try log.makeLogger(label: "top", usually: .error))
        defer { events.shutdown() }
        if once || KeyedTerminal.size() == nil { return try await printOnce(events) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.watch(events) }
            group.addTask { try await KeyedTerminal.waitForQ() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: [.sigint, .sigterm, .sighup]) { return }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Two states are a second apart.
    private static let patience = TimeAmount.seconds(8)

    private func printOnce(_ events: StateEvents) async throws {
        do {
            try await TimeBound(limit: Self.patience).run { try await Self.print(events) }
        } catch let error as TimeBound.Exceeded {
            throw Failure(description: "\(try address()) has told no two states of itself: \(error)")
        }
    }

    private static func print(_ events: StateEvents) async throws {
        var before: ProgramState?
        try await events.read { state in
            guard let earlier = before else {
                before = state
                return true
            }
            let terminal = KeyedTerminal.size()
            // Lines for a program are whole.
            let screen = StateScreen(state, since: earlier, width: terminal?.width ?? .max)
            Output.write(screen.lines(hasColors: terminal != nil).map { $0 + "\n" }.joined())
            return false
        }
    }

    /// Draws each state; a program that goes away after the first is waited for.
    private static func watch(_ events: StateEvents) async throws {
        var terminal: KeyedTerminal?
        var last: ProgramState?
        while true {
            do {
                try await events.read { state in
                    if terminal == nil { terminal = KeyedTerminal() }
                    let screen = StateScreen(state, since: last, width: KeyedTerminal.size()?.width ?? 80)
                    last = state
                    terminal?.draw(screen.lines(hasColors: true))
                    return true
                }
            } catch let failure as Failure where last != nil {
                terminal?.draw(["\(failure)", "", "It is asked again every second; q ends."])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func address() throws -> UpstreamURL {
        let text = admin ?? Environment.process()["DOCKER_NDN_ADMIN"] ?? "127.0.0.1:9100"
        guard !text.isEmpty else { throw ValidationError("--admin is empty: write HOST:PORT, as 127.0.0.1:9100") }
        do { return try UpstreamURL(text.contains("://") ? text : "http://\(text)", named: "--admin") } catch {
            throw ValidationError(error.message)
        }
    }
}

/// The states of a running program, as its `/events` tells them.
struct StateEvents {
    private let url: UpstreamURL
    private let upstream: UpstreamClient

    init(at url: UpstreamURL, logger: Logger) {
        self.url = url
        var configuration = UpstreamConfiguration()
        configuration.idleTimeout = .seconds(10)
        configuration.bodyRate = 0
        configuration.retry.maximumRetries = 0
        upstream = UpstreamClient(
            base: url, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration, logger: logger)
    }

    func shutdown() { upstream.shutdown() }

    /// Gives `take` each state until it returns false, or the program ends the stream.
    ///
    /// - Throws: `TopCommand.Failure`, or what `take` throws.
    func read(_ take: (ProgramState) throws -> Bool) async throws {
        let answer: UpstreamResponse
        do {
            answer = try await upstream.execute(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/events"))
        } catch let error as UpstreamError {
            throw TopCommand.Failure(
                description:
                    "\(url) does not answer (\(error.message)): start the client, server or forwarder with --admin \(url.authority), or say with --admin where it is"
            )
        }
        defer { answer.body.cancel() }
        try await check(answer)
        var reader = EventReader()
        do {
            for try await chunk in answer.body {
                for event in try reader.append(chunk.readableBytesView) {
                    guard let state = try? ProgramState(json: event) else {
                        throw TopCommand.Failure(
                            description: "\(url) tells what this version does not understand: use its own `top`")
                    }
                    guard try take(state) else { return }
                }
            }
        } catch is EventReader.TooLong {
            throw TopCommand.Failure(
                description:
                    "\(url) tells of itself in a line of more than 1 MiB, as no client, server or forwarder does: look whether --admin is right"
            )
        } catch let error as UpstreamError {
            throw TopCommand.Failure(description: "\(url) answers no more: \(error.message)")
        }
    }

    private func check(_ answer: UpstreamResponse) async throws {
        let status = answer.head.status
        switch status {
        case .ok where answer.head.headers.first(name: "content-type") == "text/event-stream": return
        case .forbidden:
            throw TopCommand.Failure(
                description:
                    "\(url) does not show itself under that name: use its IP address, or start it with --admin-host \(url.host)"
            )
        case .serviceUnavailable:
            throw TopCommand.Failure(description: "too many are looking at \(url) already: close a page, or try again")
        default:
            throw TopCommand.Failure(
                description:
                    "\(url) answers \(status.code) to /events: that is not what --admin of a client, server or forwarder gives; a client's --listen is another address"
            )
        }
    }
}
