import ArgumentParser
import Logging
import NDN
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
        abstract: "Fetch one blob over NDN, and check it against its digest.",
        discussion: """
            BLOB is PREFIX REPOSITORY DIGEST, as in: registry-ndn fetch /example/docker library/alpine sha256:<64 hex \
            digits> -o FILE; or the whole NDN name, <prefix>/<repository>/<digest>, with %2F for a slash within the \
            repository's name and sha256:<64 hex digits>, or 32 octets, at the end.
            """)

    @Argument(help: ArgumentHelp("PREFIX REPOSITORY DIGEST, or the NDN name of the blob.", valueName: "blob"))
    var words: [String]

    @Option(name: .shortAndLong, help: "File to write, - for stdout.")
    var output = "-"

    @OptionGroup var asking: RouterOptions
    @OptionGroup var discovery: DiscoveryOptions
    @OptionGroup var authorities: AuthorityOptions

    @Option(help: "Name asked for to find out whether a router works.", transform: NameArgument.parse)
    var probeInterest: Name?

    @Flag(name: .customLong("any-object"), help: "BLOB is the NDN name of any segmented object: no digest is checked.")
    var isAnyObject = false

    @OptionGroup var fetching: FetchOptions
    @OptionGroup var face: FaceOptions
    @OptionGroup var log: LogOptions

    /// What cannot go on, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func validate() throws {
        _ = try target()
        guard output != "-" || isatty(STDOUT_FILENO) == 0 else {
            throw ValidationError("a blob is not for the terminal: give -o FILE")
        }
    }

    private func target() throws -> FetchTarget { try FetchTarget(words, isAnyObject: isAnyObject) }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await fetch() }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: Self.signals) {
                    throw Failure(description: "ended by \(signal)")
                }
                // The group was cancelled.
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Those that end it, with its part file removed. What nohup has switched off stays so.
    private static var signals: [UnixSignal] {
        var hangUp = sigaction()
        guard unsafe sigaction(SIGHUP, nil, &hangUp) == 0 else { return [.sigint, .sigterm, .sighup] }
        // SIG_IGN is the pointer 1.
        let handler = unsafe unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self)
        return handler == 1 ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
    }

    private func fetch() async throws {
        let target = try target()
        var file = try OutputFile(path: output)
        let network = try await network()
        do {
            try await copy(target, from: network, to: file)
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
        let questions = ProbeQuestions(name: probeInterest, producer: try target().name.dropLast(2))
        let network = FailoverFetcher(
            finder: try discovery.finder(
                questions, authorityFile: authorities.caFile,
                localPatience: asking.isDirectoryNamed ? nil : .zero, group: group, logger: logger),
            patience: configuration.sizeTimeout,
            logger: logger, connect: connect)
        await network.search()
        if let error = network.lastError { throw Failure(description: "no router to ask: \(error)") }
        return network
    }

    private func fetchConfiguration() throws -> FetchConfiguration {
        var configuration = try fetching.configuration()
        // Nobody waits behind this command to ask elsewhere: a server that is there may have a registry that is slow.
        configuration.sizeTimeout = .seconds(10)
        return configuration
    }

    private func logger() throws -> Logger {
        try log.makeLogger(label: "registry-ndn fetch", usually: .error)
    }

    private func copy(
        _ target: FetchTarget, from network: any BlobNetwork, to file: borrowing OutputFile
    ) async throws {
        let start = NIODeadline.now()
        let reader = try await open(target, network)
        let digest = OverlappedSHA256()
        var octets: UInt64 = 0
        var bar = Terminal.isInteractive ? ProgressBar(total: reader.size, now: start) : nil
        defer { bar?.clear() }
        do {
            while let chunk = try await reader.next() {
                if target.digest != nil { await digest.update(chunk) }
                try file.write(chunk)
                octets += UInt64(chunk.readableBytes)
                bar?.update(octets, now: .now())
            }
        } catch let error as FetchError {
            throw Failure(description: "\(target.text): after \(octets) of \(reader.size) bytes: \(error)")
        }
        let actual = await digest.finalize()
        guard target.digest == nil || actual == target.digest else {
            throw Failure(description: "\(target.text): what came is something else, with the SHA-256 \(actual.hex)")
        }
        bar?.clear()
        report(reader.statistics, elapsed: .now() - start)
    }

    /// How long a blob is asked for when those who are asked say that no server is there: the lifetime of an Interest.
    private static let patience = TimeAmount.seconds(4)

    /// What comes first: the blob, or that it is not worth while to wait.
    private enum Opening: Sendable {
        case stream(any BlobStream)
        case failed(FetchError)
        /// Looked into meanwhile; nobody is there.
        case silence(FetchDiagnosis.Finding)
    }

    private func open(_ target: FetchTarget, _ network: any BlobNetwork) async throws -> any BlobStream {
        let diagnosis = FetchDiagnosis(blob: target.blob, router: try asking.choice().uri, logger: try logger())
        let opening = await withTaskGroup(of: Opening?.self) { group in
            group.addTask {
                do throws(FetchError) {
                    return .stream(try await network.stream(target.name, range: .whole))
                } catch {
                    return .failed(error)
                }
            }
            group.addTask { await diagnosis.watch(patience: Self.patience).map(Opening.silence) }
            defer { group.cancelAll() }
            for await opening in group { if let opening { return opening } }
            return .failed(.cancelled)
        }
        switch opening {
        case .stream(let stream): return stream
        case .failed(let error): throw Failure(description: "cannot fetch \(target.text): \(diagnosis.text(error))")
        case .silence(let finding):
            throw Failure(description: "cannot fetch \(target.text): \(diagnosis.text(finding))")
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
            \(statistics.octets) bytes in \(Int(seconds * 1000)) ms, \(ProgressBar.size(octets / seconds))/s
            \(statistics.segments) segments, \(statistics.interests) Interests, \
            \(statistics.retransmissions) of them sent again; \(statistics.overtaken + statistics.timeouts) taken for lost \
            (\(statistics.spurious) were only late), \(statistics.nacks) Nacks, \(statistics.marks) congestion marks; \
            RTT \(milliseconds(statistics.smoothedRTT)), minimum \(milliseconds(statistics.minimumRTT)), \
            window \(statistics.window)

            """)
    }
}
