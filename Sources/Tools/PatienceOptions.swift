import ArgumentParser
import NIOCore
import RegistryNDN

/// How long the client waits for those who ask it, and for the registry on their behalf.
struct PatienceOptions: ParsableArguments {
    @Option(
        help: .duration(
            "How long a connection may lie idle between two requests, or take for the head of one.",
            usually: DurationArgument(HTTPLimits().headTimeout)),
        transform: DurationArgument.parse)
    var idleTimeout = DurationArgument(HTTPLimits().headTimeout)

    @Option(
        help: .duration(
            """
            How long a program may pause within the body that it sends (before its first byte five times as long), send less than 1000 octets a second of it, or take \
            nothing of an answer, before its connection is closed.
            """, usually: DurationArgument(HTTPLimits().responseTimeout)), transform: DurationArgument.parse)
    var stallTimeout = DurationArgument(HTTPLimits().responseTimeout)

    @Option(
        help: .duration(
            "How long the registry may take to answer a push: it moves the whole layer before it says 201.",
            usually: DurationArgument(UpstreamConfiguration().commitTimeout)),
        transform: DurationArgument.parse)
    var commitTimeout = DurationArgument(UpstreamConfiguration().commitTimeout)

    func validate() throws {
        let all = [
            ("--idle-timeout", idleTimeout), ("--stall-timeout", stallTimeout), ("--commit-timeout", commitTimeout),
        ]
        for (name, value) in all where value.amount <= .zero {
            throw ValidationError("\(name): use more than 0, such as 30s")
        }
    }

    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.headTimeout = idleTimeout.amount
        limits.bodyTimeout = stallTimeout.amount
        limits.responseTimeout = stallTimeout.amount
        return limits
    }
}
