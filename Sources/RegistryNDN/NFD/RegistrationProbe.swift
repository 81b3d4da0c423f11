internal import Logging
internal import NIOCore

/// Asks whether Interests for a prefix still come here, as a consumer would: a second face to the same forwarder sends
/// `<prefix>/32=probe/<random>`, and the face that registered the prefix must receive it.
///
/// It needs the second face, since no forwarder sends an Interest back to where it came from: over the same face a live and
/// a lost registration both end in Nack NoRoute. It needs no management, unlike a look into `/localhop/nfd/rib/list`, which
/// many routers do not open and which holds all their routes; and it is no command, since a command every 3 s from each
/// producer would outrun the others' clocks (all digest signers are one key, PROTOCOL.md 7.1). A lost registration comes
/// back as a Nack within a round trip. Works with NFD and others unchanged; names of this form are none of a blob, and
/// every producer of blobs ignores them.
final class RegistrationProbe {
    private static let keyword = NameComponent.keyword("probe")

    private let prefix: Name
    private let connector: FaceConnector
    private let consumer: Endpoint
    /// The name under way.
    private var current: Name?

    init(endpoint: Endpoint, prefix: Name, logger: Logger) {
        self.prefix = prefix
        connector = FaceConnector(to: endpoint.face.remote, on: endpoint.face.eventLoop, logger: logger)
        consumer = Endpoint(face: connector.face)
        connector.start()
    }

    func close() { connector.face.close() }

    /// Sends a probe; `completion` hears whether it came back. One that could not be sent says nothing: true.
    func send(_ completion: @escaping (Bool) -> Void) {
        guard consumer.face.state == .up else { return completion(true) }
        let name = prefix.appending(Self.keyword).appending(.generic((0..<8).map { _ in UInt8.random(in: 0...255) }))
        current = name
        var interest = InterestBuilder(name: name)
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = 1000
        consumer.express(interest, retransmissions: 1).assumeIsolated().whenComplete { result in
            switch result {
            case .success: completion(true)
            case .failure(let error): completion(error as? ExpressError == .faceDown)
            }
        }
    }

    /// Answers the probe under way; false for any other Interest. Other producers' probes stay unanswered, so that each
    /// hears about its own registration.
    func answer(_ interest: Interest, _ fields: LinkFields, _ face: Face) -> Bool {
        guard let current, interest.name == current else { return false }
        if let packet = try? DataBuilder(name: current, content: ByteBuffer()).encode(signer: .digest) {
            face.send(packet, LinkFields(pitToken: fields.pitToken))
            if !face.isInBatch { face.flush() }
        }
        return true
    }
}
