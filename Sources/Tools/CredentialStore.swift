import RegistryNDN
import Subprocess

/// A program that keeps secrets for docker, `docker-credential-NAME`: asked with `get`, it reads the server's name and writes
/// JSON (github.com/docker/docker-credential-helpers).
struct CredentialStore {
    /// What was wrong; never with the secret.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// One that waits for somebody to type a passphrase is not waited for longer.
    static let timeout = Duration.seconds(10)
    private static let maximumAnswer = 1 << 16

    let name: String

    private var program: String { "docker-credential-\(name)" }

    /// The credential that it keeps for a server.
    func credential(for server: String) async throws -> Credential {
        let answer = try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await ask(server) }
            group.addTask {
                try await Task.sleep(for: Self.timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let answer else { throw Failure(description: "\(program) does not answer within \(Self.timeout)") }
        guard let credential = Credential(helperAnswer: answer) else {
            throw Failure(description: "\(program) gives for \(server) no JSON with Username and Secret")
        }
        return credential
    }

    private func ask(_ server: String) async throws -> String {
        do {
            let result = try await run(
                .name(program), arguments: ["get"], input: .string(server),
                output: .string(limit: Self.maximumAnswer), error: .string(limit: Self.maximumAnswer))
            if result.terminationStatus.isSuccess { return result.standardOutput }
            // A helper tells why on either of the two.
            let said = [result.standardError, result.standardOutput].compactMap { $0.split(separator: "\n").first }
                .first
            throw Failure(description: "\(program) has nothing for \(server): \(said ?? "it does not say why")")
        } catch let error as SubprocessError where !Task.isCancelled {
            throw Failure(description: "\(program) cannot be run (\(error)): is it installed, and on the PATH?")
        }
    }
}
