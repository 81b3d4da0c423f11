import ArgumentParser
import Logging
import RegistryNDN
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Something that a running program can read again.
struct Reload: Sendable {
    let name: String
    let file: String
    let perform: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: as in "… was read again".
    ///   - perform: When it throws, what was read before stays in use.
    init(_ name: String, file: String, perform: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.file = file
        self.perform = perform
    }
}

/// A program that runs until SIGTERM or SIGINT. SIGHUP makes it read again what it can, SIGUSR1 asks for its statistics.
struct RunningProgram {
    /// Each element asks for a statistics line.
    let statisticsRequests: AsyncStream<Void>
    private let requests: AsyncStream<Void>.Continuation
    private let signals: UnixSignalsSequence
    private let endsWithTerminal: Bool
    private let logger: Logger

    /// From here on neither signal ends the program.
    init(logger: Logger) async {
        self.logger = logger
        (statisticsRequests, requests) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        endsWithTerminal = ControllingTerminal.isThere && !ControllingTerminal.isHangupIgnored
        signals = await UnixSignalsSequence(trapping: .sighup, .sigusr1)
    }

    /// Runs the service until it has ended. What fails is logged.
    ///
    /// - Parameters:
    ///   - options: what SIGHUP makes the program read again first; what it names the others read.
    ///   - reloads: what SIGHUP makes the program read again then.
    ///   - patience: how long the service may take to end; nil for any time.
    func run(
        _ service: any Service, options: Reload? = nil, reloads: @escaping @Sendable () async -> [Reload] = { [] },
        patience: Duration? = nil
    ) async throws {
        let listening = SignalService(
            signals: signals, options: options, reloads: reloads, requests: requests,
            endsWithTerminal: endsWithTerminal, logger: logger)
        var quieter = logger
        // The group reports each step of a start and a stop.
        if logger.logLevel >= .info { quieter.logLevel = .error }
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: service),
                .init(service: listening, successTerminationBehavior: .gracefullyShutdownGroup),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: quieter)
        configuration.maximumGracefulShutdownDuration = patience
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            logger.error("\(ErrorSentence.of(error))")
            throw ExitCode.failure
        }
    }
}

/// Does what SIGHUP and SIGUSR1 ask for; ends when the terminal that the program belongs to is gone.
private struct SignalService: Service {
    let signals: UnixSignalsSequence
    let options: Reload?
    let reloads: @Sendable () async -> [Reload]
    let requests: AsyncStream<Void>.Continuation
    let endsWithTerminal: Bool
    let logger: Logger

    func run() async throws {
        defer { ServiceNotice.tell(.stopping) }
        for await signal in signals.cancelOnGracefulShutdown() {
            guard signal == .sighup else {
                requests.yield()
                continue
            }
            // A terminal that is closed sends the same signal, and nobody is left to end the program.
            if endsWithTerminal, !ControllingTerminal.isThere { return logger.notice("the terminal is gone: ending") }
            await reload()
        }
    }

    /// A program that is to end waits for no reload: a file may lie where nobody answers, a helper may ask somebody.
    private func reload() async {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        // No child of this task, which would wait for it.
        let reading = Task {
            await readAgain()
            end.finish()
        }
        for await _ in ends.cancelOnGracefulShutdown() {}
        reading.cancel()
    }

    private func readAgain() async {
        if let options { await perform(options) }
        let others = await reloads()
        if options == nil, others.isEmpty { logger.notice("SIGHUP: there is nothing to read again") }
        for reload in others { await perform(reload) }
    }

    private func perform(_ reload: Reload) async {
        do {
            try await reload.perform()
            logger.notice("\(reload.name) was read again", metadata: ["file": "\(reload.file)"])
        } catch {
            logger.error(
                "\(reload.name) was not read again, the old one stays in use",
                metadata: ["error": "\(ErrorSentence.of(error))"])
        }
    }
}

private enum ControllingTerminal {
    static var isThere: Bool {
        let descriptor = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Whether the program was started to outlive its terminal, as nohup(1) does.
    static var isHangupIgnored: Bool {
        var action = sigaction()
        guard unsafe sigaction(SIGHUP, nil, &action) == 0, let handler = unsafe action.__sigaction_handler.sa_handler
        else {
            return false
        }
        let ignored = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
        return unsafe unsafeBitCast(handler, to: Int.self) == ignored
    }
}
