internal import Logging
internal import NIOCore

/// Asks whether Interests for a prefix still come here, as a consumer would: a second face to the same forwarder sends
/// `<prefix>/32=probe/<random>`, and the face that registered the prefix must receive it.
///
/// It needs the second face, since no forwarder sends an Interest back to where it came from: over the same face a live and
/// a lost registration both end in Nack NoRoute. It needs no management, unlike a look into `/localhop/nfd/rib/list`, which
/// many routers do not open and which holds all their routes; and it is no command, since a command every 3 s from each
/// producer would outrun the others' clocks (all digest signers are one key, docs/protocol.md 8.2). A lost registration comes
/// back as a Nack within a round trip. Works with NFD and others unchanged; names of this form are none of a blob, and
/// every producer of blobs ignores them.
final class RegistrationProbe {
    /// What became of a probe.
    enum Outcome {
        /// It came here, or could not be sent and says nothing.
        case arrived
        /// The forwarder says that the prefix leads nowhere.
        case refused
        /// It did not come in time.
        case lost
    }

    private static let keyword = NameComponent.keyword("probe")

    private let producer: Endpoint
    private let prefix: Name
    private let logger: Logger
    private var connector: FaceConnector?
    private var consumer: Endpoint?
    /// The name under way.
    private var current: Name?

    init(endpoint: Endpoint, prefix: Name, logger: Logger) {
        producer = endpoint
        self.prefix = prefix
        self.logger = logger
    }

    func close() {
        connector?.face.close()
        connector = nil
        consumer = nil
    }

    /// Has the second face lead where the first one does: a host may have several addresses, and move.
    func follow() {
        guard connector?.uri != producer.face.remote else { return }
        close()
        let made = FaceConnector(
            to: producer.face.remote, on: producer.face.eventLoop, announces: false, logger: logger)
        connector = made
        consumer = Endpoint(face: made.face)
        made.start()
    }

    /// Sends a probe; `completion` hears what became of it.
    func send(_ completion: @escaping (Outcome) -> Void) {
        guard let consumer, consumer.face.state == .up else { return completion(.arrived) }
        let name = prefix.appending(Self.keyword).appending(.generic((0..<8).map { _ in UInt8.random(in: 0...255) }))
        current = name
        var interest = InterestBuilder(name: name)
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = 1000
        consumer.express(interest, retransmissions: 1).assumeIsolated().whenComplete { result in
            switch result {
            case .success: completion(.arrived)
            case .failure(let error):
                switch error as? ExpressError {
                case .faceDown: completion(.arrived)
                case .nack(.noRoute): completion(.refused)
                default: completion(.lost)
                }
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
