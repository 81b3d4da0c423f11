import ArgumentParser
import NDN
import NIOCore

/// Where a route leads: a face by number or by its remote end.
struct RouteTarget: ParsableArguments {
    @Option(help: "A face's number (see `registry-ndn faces`), or the far end: host:port, udp://…, tcp://…")
    var face: String?

    /// What cannot go on, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private enum Target {
        case none
        case number(UInt64)
        case remote(FaceURI)
    }

    func validate() throws { _ = try parse() }

    private func parse() throws -> Target {
        guard let face else { return .none }
        if let number = UInt64(face) {
            guard number > 0 else { throw ValidationError("--face 0 is no face; leave --face out for this connection") }
            return .number(number)
        }
        guard Int(face) == nil else {
            throw ValidationError(
                "--face \(face): the number of a face is 1 or more; `registry-ndn faces` lists what the forwarder has")
        }
        do {
            let uri = try FaceURI(peer: face)
            guard uri.scheme != .unix else {
                throw ValidationError(
                    "--face \(face): a forwarder does not connect to Unix sockets; name the face by its number")
            }
            return .remote(uri)
        } catch let error as FaceError {
            throw ValidationError("--face \(face): \(error)")
        }
    }

    /// - Throws: `ValidationError` for a far end to which no face can be made. A forwarder may have a group's face already: it goes by
    ///   its number.
    func checkMakeable() throws {
        guard case .remote(let uri) = try parse(), let error = uri.whyNoPeer else { return }
        throw ValidationError(
            "--face \(error); a face that the forwarder has goes by its number too (`registry-ndn faces`)")
    }

    /// The number of the face, which is there; a remote end is connected to if need be.
    func makeFace(_ session: ManagementSession) async throws -> UInt64 {
        switch try parse() {
        case .none: return 0
        case .remote(let uri): return try await session.face(to: try await uri.canonical())
        case .number(let number):
            if session.isLocal { try await Self.check(number, session) }
            return number
        }
    }

    /// NFD says 200 for a face that does not exist, too (docs/protocol.md 8.5).
    ///
    /// - Throws: `Failure` when there is no face of that number.
    static func check(_ number: UInt64, _ session: ManagementSession) async throws {
        guard try await !session.faces().contains(where: { $0.faceID == number }) else { return }
        throw Failure(description: "\(session.router) has no face \(number); `registry-ndn faces` lists what it has")
    }

    /// The number of the face; nil when there is none to that remote end, or none was named.
    func findFace(_ session: ManagementSession) async throws -> UInt64? {
        switch try parse() {
        case .none: return nil
        case .number(let number): return number
        case .remote(let uri):
            let remote = try await uri.canonical()
            // One that the peer has made may be there too; a route leads to the one that the forwarder made.
            let found = try await session.faces().filter { $0.remoteURI == remote }
            return (found.first { $0.persistency != FacePersistency.onDemand } ?? found.first)?.faceID
        }
    }
}
