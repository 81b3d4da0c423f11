public import ArgumentParser
import NDN
import NIOCore
internal import RegistryNDN

/// How blobs are fetched over NDN: what `client` and `fetch` let their users say about it.
struct FetchOptions: ParsableArguments {
    @Option(
        help: .number("Retransmissions of a segment before NDN counts as failed.", 0...254, usually: 10),
        transform: WholeNumber.within(0...254))
    var retx = 10

    @Option(
        help: .number(
            "Upper bound of the congestion window, in segments. (default: memory alone bounds it)", 1...Int.max),
        transform: WholeNumber.within(1...Int.max))
    var maxCwnd: Int?

    @Option(
        help: """
            What decides how many Interests are in flight: rate (a model of the path's rate and round-trip time), cubic or aimd.
            """)
    var congestion = CongestionAlgorithm.rate

    @Option(
        help: .duration("Time for a blob over NDN.", usually: DurationArgument(.minutes(10))),
        transform: DurationArgument.parse)
    var timeout = DurationArgument(.minutes(10))

    @Option(
        help: .duration(
            "Time without any new segment after which NDN counts as failed.", usually: DurationArgument(.seconds(5))),
        transform: DurationArgument.parse)
    var progressTimeout = DurationArgument(.seconds(5))

    @Option(
        help: .size(
            "Memory for what has arrived and is not read yet, of all blobs together; it bounds the window.",
            usually: ByteSizeArgument(octets: 32 << 20)),
        transform: ByteSizeArgument.parse)
    var memory = ByteSizeArgument(octets: 32 << 20)

    @OptionGroup var trust: TrustOptions

    func validate() throws {
        guard timeout.amount > .zero else { throw ValidationError("--timeout: use more than 0") }
        guard progressTimeout.amount > .zero else { throw ValidationError("--progress-timeout: use more than 0") }
        guard memory.octets >= 1 << 20 else {
            throw ValidationError(
                "--memory \(memory): use 1MiB or more; a unit follows the number without a space, as 64MiB")
        }
    }

    func configuration() throws -> FetchConfiguration {
        var configuration = FetchConfiguration()
        configuration.retransmissions = retx
        configuration.maximumWindow = maxCwnd
        configuration.congestion = congestion
        configuration.timeout = timeout.amount
        configuration.progressTimeout = progressTimeout.amount
        configuration.memoryBudget = memory.octets
        configuration.trust = try trust.policy()
        return configuration
    }
}

extension CongestionAlgorithm: ExpressibleByArgument {}
