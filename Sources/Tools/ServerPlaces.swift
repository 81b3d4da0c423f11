import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// What `doctor` says of the addresses at which a server answers clients directly.
struct ServerPlaces: Sendable {
    private static let patience = TimeBound(limit: .seconds(3))

    private let places: [FaceURI]
    private let prefix: Name
    private let faces: FaceConfiguration
    private let logger: Logger

    init(_ places: [FaceURI], prefix: Name, faces: FaceConfiguration, logger: Logger) {
        self.places = places
        self.prefix = prefix
        self.faces = faces
        self.logger = logger
    }

    /// Whether the server can listen where it should, or does so already.
    func outcome() async -> DoctorReport.Outcome {
        guard !places.isEmpty else { return .skip("no --listen: clients reach the server through its forwarder") }
        var held: [FaceURI] = []
        for place in places {
            do {
                guard try await isFree(place) else {
                    held.append(place)
                    continue
                }
            } catch {
                return .fail("\(error)", remedy: "stop what listens there, or choose another address with --listen")
            }
        }
        let all = places.map { "\($0)" }.joined(separator: ", ")
        guard !held.isEmpty else { return .ok("the server can listen at \(all)") }
        return .ok(
            "a server of \(prefix.uri) runs already, and listens at \(held.map { "\($0)" }.joined(separator: ", "))")
    }

    /// - Throws: What is in the way, unless it is a server of this prefix.
    private func isFree(_ place: FaceURI) async throws -> Bool {
        let (logger, faces) = (logger, faces)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        do {
            try await loop.flatSubmit {
                let listener = FaceListener(at: place, on: loop, configuration: faces, logger: logger) { _ in }
                return listener.start().assumeIsolated().map { _ in listener.close() }.nonisolated()
            }.get()
            return true
        } catch {
            guard await answers(place) else { throw error }
            return false
        }
    }

    private func answers(_ place: FaceURI) async -> Bool {
        let (prefix, faces, logger) = (prefix, faces, logger)
        let answer = try? await Self.patience.run {
            let pinger = try await Pinger.connect(
                to: place.reaching, face: faces, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            let outcome = await pinger.ping(prefix, exact: false, lifetime: .seconds(1))
            await pinger.close()
            return outcome
        }
        if case .data? = answer { return true }
        return false
    }
}
