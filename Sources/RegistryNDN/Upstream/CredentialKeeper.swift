package import Logging
internal import NIOCore

/// A credential of our own that may change while the program runs. It is read again when the registry refuses it, and when
/// `reload()` is called.
package actor CredentialKeeper {
    package typealias Read = @Sendable () async throws -> Credential?

    /// The time from one reading because of a refusal to the next: a helper is a program of its own, and a wrong password stays
    /// wrong.
    static let pause = TimeAmount.seconds(5)

    /// Nil while there is none: requests then go out without one.
    private(set) var current: Credential?
    /// The file that the credential is kept in, for the log.
    package private(set) var file: String
    private var read: Read
    private let logger: Logger
    private var lastRead: NIODeadline?
    private var reading: Task<(any Error)?, Never>?

    /// - Parameters:
    ///   - credential: the one that was read at the start.
    ///   - read: reads it again.
    package init(_ credential: Credential?, file: String, logger: Logger, read: @escaping Read) {
        self.file = file
        current = credential
        self.logger = logger
        self.read = read
    }

    /// Reads the credential again; when that throws, the old one stays in use.
    package func reload() async throws {
        if let error = await refresh(now: .now()) { throw error }
    }

    /// Takes the credential of another file, which was read already, and reads that one from now on.
    package func use(_ credential: Credential?, file: String, read: @escaping Read) {
        self.file = file
        self.read = read
        current = credential
    }

    /// A credential to try in the place of one that was refused; nil when there is no other.
    func another(than refused: Credential, now: NIODeadline) async -> Credential? {
        if current == refused, reading != nil || lastRead.map({ now - $0 >= Self.pause }) ?? true,
            let error = await refresh(now: now)
        {
            logger.error(
                "the credentials cannot be read again, the old ones stay in use", metadata: ["error": "\(error)"])
        }
        return current == refused ? nil : current
    }

    /// Reads the credential, once for all who want that at a time.
    private func refresh(now: NIODeadline) async -> (any Error)? {
        if let reading { return await reading.value }
        lastRead = now
        // In a task of its own: that of whoever asked first may be cancelled.
        let task = Task { await take() }
        reading = task
        return await task.value
    }

    private func take() async -> (any Error)? {
        defer { reading = nil }
        do {
            let new = try await read()
            guard new != current else { return nil }
            current = new
            logger.notice("other credentials were read", metadata: ["as": "\(new.map { "\($0)" } ?? "nobody")"])
            return nil
        } catch {
            return error
        }
    }
}
