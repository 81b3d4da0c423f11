package import Logging
internal import NDN
package import NIOCore

/// Finds routers: asks a directory, then the routers themselves.
package struct RouterFinder: Sendable {
    private let directory: any RouterDirectory
    private let questions: ProbeQuestions
    private let group: any EventLoopGroup
    private let logger: Logger

    package init(directory: any RouterDirectory, questions: ProbeQuestions, group: any EventLoopGroup, logger: Logger) {
        self.directory = directory
        self.questions = questions
        self.group = group
        self.logger = logger
    }

    /// Routers with what probing them brought, best first; a silent one may be of use all the same, as the last resort.
    package func find() async throws(DiscoveryError) -> [RouterMeasurement] {
        let routers = try await directory.routers()
        let measurements: [RouterMeasurement]
        do {
            measurements = try await RouterProbing.measure(routers, questions, on: group.next(), logger: logger).get()
        } catch {
            throw DiscoveryError("routers cannot be probed: \(error)")
        }
        for measurement in measurements {
            logger.debug(
                "router probed",
                metadata: [
                    "router": "\(measurement.router.uri)", "answer": "\(measurement.answer)",
                    "rtt_us": "\((measurement.rtt?.nanoseconds ?? -1000) / 1000)",
                ])
        }
        return measurements.sorted()
    }
}
