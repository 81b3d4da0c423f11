import ArgumentParser
import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN
import UnixSignals

/// `registry-ndn ping`: whether a producer can be reached.
struct PingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Find out whether a producer is reached: round-trip time and loss.",
        discussion: """
            Asks for <name>/ping/<random number>, which `registry-ndn server` answers below its --name, and ndnpingserver too. \
            Exits with 0 when anything came back, else with 1.
            """)

    @Argument(help: "The producer's prefix, such as /example/docker.", transform: NameArgument.parse)
    var name: Name

    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: .number("Interests to send.", 1...Int.max, usually: 4),
        transform: WholeNumber.within(1...Int.max))
    var count = 4

    @Option(
        name: .shortAndLong, help: .duration("Pause from one to the next.", usually: DurationArgument(.seconds(1))),
        transform: DurationArgument.parse)
    var interval = DurationArgument(.seconds(1))

    @Option(
        help: .duration("How long an answer is waited for.", usually: DurationArgument(.seconds(4))),
        transform: DurationArgument.parse)
    var timeout = DurationArgument(.seconds(4))

    @Flag(help: "Ask for NAME itself, or what begins with it: any Data below it counts, a cache's too.")
    var exact = false

    @OptionGroup var asking: RouterOptions
    @OptionGroup var discovery: DiscoveryOptions
    @OptionGroup var authorities: AuthorityOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        guard timeout.amount >= .milliseconds(1) else { throw ValidationError("--timeout must be at least 1ms") }
        guard exact || !name.isEmpty else { throw ValidationError("/ is no producer's prefix") }
    }

    func run() async throws {
        let logger = try log.makeLogger(label: "registry-ndn ping", usually: .error)
        let group = MultiThreadedEventLoopGroup.singleton
        let pinger = try await Pinger.connect(to: try await findRouter(group, logger), group: group, logger: logger)
        Output.write("PING \(name) via \(pinger.router)\n")
        let statistics = await untilSignalled(pinger)
        await pinger.close()
        Output.write(Self.summary(statistics))
        if statistics.received == 0 { throw ExitCode.failure }
    }

    private func findRouter(_ group: any EventLoopGroup, _ logger: Logger) async throws -> FaceURI {
        if let uri = try asking.choice().uri { return uri }
        let finder = try discovery.finder(
            ProbeQuestions(name: nil, producer: name), authorityFile: authorities.caFile,
            localPatience: asking.isDirectoryNamed ? nil : .zero, group: group, logger: logger)
        let found = try await finder.find()
        for measurement in found {
            let rtt = measurement.rtt.map { " after \(Self.milliseconds($0))" } ?? ""
            Output.write("router \(measurement.router.uri): \(Self.words(measurement.answer))\(rtt)\n")
        }
        guard let best = found.first else { throw DiscoveryError("NDN-FCH names no router; name one with --router") }
        return best.router.uri
    }

    /// Sends all Interests; a signal ends it early.
    private func untilSignalled(_ pinger: Pinger) async -> PingStatistics {
        let (outcomes, report) = AsyncStream.makeStream(of: Pinger.Outcome.self)
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for number in 0..<count where !Task.isCancelled {
                    if number > 0 { try? await Task.sleep(for: .nanoseconds(interval.amount.nanoseconds)) }
                    if Task.isCancelled { break }
                    report.yield(await pinger.ping(name, exact: exact, lifetime: timeout.amount))
                }
                report.finish()
            }
            tasks.addTask {
                for await _ in await UnixSignalsSequence(trapping: [.sigint, .sigterm]) { break }
                report.finish()
            }
            var statistics = PingStatistics()
            for await outcome in outcomes {
                statistics.add(outcome)
                Output.write("\(statistics.sent): \(Self.words(outcome))\n")
            }
            tasks.cancelAll()
            return statistics
        }
    }

    private static func words(_ outcome: Pinger.Outcome) -> String {
        switch outcome {
        case .data(ContentType.nack, let rtt): "the producer answers that it has no such thing, \(milliseconds(rtt))"
        case .data(_, let rtt): "answered, \(milliseconds(rtt))"
        case .nack(.noRoute, let rtt): "no route (Nack), \(milliseconds(rtt)): no producer has registered this prefix"
        case .nack(let reason, let rtt): "Nack \(reason), \(milliseconds(rtt))"
        case .timeout: "no answer"
        case .faceDown: "the connection to the router is down"
        case .malformed: "the name is too long to be asked for"
        }
    }

    private static func words(_ answer: RouterMeasurement.Answer) -> String {
        switch answer {
        case .producer: "reaches the producer"
        case .router: "answers"
        case .nack: "answers with a Nack"
        case .silence: "does not answer"
        }
    }

    private static func summary(_ statistics: PingStatistics) -> String {
        var text = "\(statistics.sent) sent, \(statistics.received) answered, \(statistics.nacks) Nacks, "
        text += "\(ProgressBar.tenths(statistics.lossPercent)) % lost"
        if let minimum = statistics.minimum, let average = statistics.average, let maximum = statistics.maximum {
            text += "; RTT min/avg/max \(milliseconds(minimum))/\(milliseconds(average))/\(milliseconds(maximum))"
        }
        return text + "\n"
    }

    private static func milliseconds(_ time: TimeAmount) -> String {
        ProgressBar.tenths(Double(time.nanoseconds) / 1e6) + " ms"
    }
}
