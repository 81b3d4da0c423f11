import ArgumentParser
import Logging
import NIOCore
import NIOPosix
import RegistryNDN
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

/// `registry-ndn fetch`: one blob into a file.
struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Fetch one blob by its NDN name, and check it against the digest in the name.")

    @Argument(
        help: ArgumentHelp(
            "NDN name URI of the blob: <prefix>/<repository>/<digest>.",
            discussion: "The digest is a component of 32 octets (%XX where needed), or sha256:<64 hex digits>."))
    var name: String

    @Option(name: .shortAndLong, help: "File to write, - for stdout.")
    var output = "-"

    @OptionGroup var asking: RouterOptions
    @OptionGroup var discovery: DiscoveryOptions
    @OptionGroup var authorities: AuthorityOptions

    @Option(help: "Name asked for to find out whether a router works.", transform: NameArgument.parse)
    var probeInterest: Name?

    @Flag(name: .customLong("any-object"), help: "NAME is any segmented object: no digest is checked.")
    var isAnyObject = false

    @OptionGroup var fetching: FetchOptions
    @OptionGroup var face: FaceOptions
    @OptionGroup var log: LogOptions

    /// What cannot go on, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func validate() throws {
        _ = try blob()
        guard output != "-" || isatty(STDOUT_FILENO) == 0 else {
            throw ValidationError("a blob is not for the terminal: give -o FILE")
        }
    }

    /// The blob's name, and the digest it ends in.
    private func blob() throws -> (name: Name, digest: SHA256Digest?) {
        guard let parsed = try? Name(uri: name), let last = parsed.last else {
            throw ValidationError("\(name) is not an NDN name URI, such as /example/docker/library%2Falpine/sha256:…")
        }
        let text = String(buffer: last.value)
        if text.hasPrefix("sha256:"), let digest = SHA256Digest(hex: text.dropFirst(7)) {
            return (parsed.dropLast().appending(.generic(digest.bytes)), isAnyObject ? nil : digest)
        }
        if isAnyObject { return (parsed, nil) }
        guard let digest = SHA256Digest(bytes: last.value.readableBytesView) else {
            throw ValidationError(
                "\(name) does not end in a blob's digest: 32 octets (%XX where needed), or sha256:<64 hex digits>")
        }
        return (parsed, digest)
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fetch() }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: [.sigint, .sigterm]) {
                    throw Failure(description: "ended by \(signal)")
                }
                // The group was cancelled.
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func fetch() async throws {
        let (name, digest) = try blob()
        var file = try OutputFile(path: output)
        let network = try await network()
        do {
            try await copy(name, digest, from: network, to: file)
            try file.commit()
        } catch {
            await network.shutdown()
            throw error
        }
        await network.shutdown()
    }

    private func network() async throws -> any BlobNetwork {
        let (group, logger) = (MultiThreadedEventLoopGroup.singleton, try logger())
        let configuration = try fetchConfiguration()
        let connect = { @Sendable [face = face.configuration] (router: FaceURI, waitsUntilUp: Bool) in
            try await BlobFetcher.connect(
                router: router, configuration: configuration, face: face, group: group, logger: logger,
                waitsUntilUp: waitsUntilUp)
        }
        if let router = try asking.choice().uri { return try await connect(router, true) }
        let questions = ProbeQuestions(name: probeInterest, producer: try blob().name.dropLast(2))
        let network = FailoverFetcher(
            finder: try discovery.finder(
                questions, authorityFile: authorities.caFile, group: group, logger: logger),
            patience: configuration.sizeTimeout,
            logger: logger, connect: connect)
        await network.search()
        if let error = network.lastError { throw Failure(description: "no router to ask: \(error)") }
        return network
    }

    private func fetchConfiguration() throws -> FetchConfiguration {
        var configuration = try fetching.configuration()
        // Nobody waits behind this command to ask elsewhere: be patient.
        configuration.sizeTimeout = .seconds(10)
        return configuration
    }

    private func logger() throws -> Logger {
        try log.makeLogger(label: "registry-ndn fetch", usually: .error)
    }

    private func copy(
        _ name: Name, _ expected: SHA256Digest?, from network: any BlobNetwork, to file: borrowing OutputFile
    ) async throws {
        let start = NIODeadline.now()
        let reader = try await open(name, network)
        let digest = OverlappedSHA256()
        var octets: UInt64 = 0
        var bar = Terminal.isInteractive ? ProgressBar(total: reader.size, now: start) : nil
        defer { bar?.clear() }
        do {
            while let chunk = try await reader.next() {
                if expected != nil { await digest.update(chunk) }
                try file.write(chunk)
                octets += UInt64(chunk.readableBytes)
                bar?.update(octets, now: .now())
            }
        } catch let error as FetchError {
            throw Failure(description: "after \(octets) of \(reader.size) octets: \(error)")
        }
        let actual = await digest.finalize()
        guard expected == nil || actual == expected else {
            throw Failure(description: "wrong octets: their SHA-256 is \(actual.hex), not the one in the name")
        }
        bar?.clear()
        report(reader.statistics, elapsed: .now() - start)
    }

    private func open(_ name: Name, _ network: any BlobNetwork) async throws -> any BlobStream {
        do {
            return try await network.stream(name, range: .whole)
        } catch {
            throw Failure(description: "cannot fetch \(name.uri) from \(try asking.choice()): \(error)")
        }
    }

    private func report(_ statistics: FetchStatistics, elapsed: TimeAmount) {
        let seconds = Double(max(elapsed.nanoseconds, 1)) / 1e9
        func milliseconds(_ time: TimeAmount?) -> String {
            ProgressBar.tenths(Double(time?.nanoseconds ?? 0) / 1e6) + " ms"
        }
        let octets = Double(statistics.octets)
        Terminal.write(
            """
            \(statistics.octets) octets in \(Int(seconds * 1000)) ms, \(ProgressBar.size(octets / seconds))/s
            \(statistics.segments) segments, \(statistics.interests) Interests, \
            \(statistics.retransmissions) retransmissions (\(statistics.overtaken) overtaken, \
            \(statistics.timeouts) timeouts, \(statistics.nacks) Nacks), \(statistics.marks) marks, \
            RTT \(milliseconds(statistics.smoothedRTT)), minimum \(milliseconds(statistics.minimumRTT)), \
            window \(statistics.window)

            """)
    }
}
