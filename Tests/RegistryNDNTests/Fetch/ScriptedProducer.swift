import Logging
import NDN
import NDNSimulation
import NIOCore
import NIOPosix
import RegistryNDN
import Synchronization

/// A producer of segments in this process, which can be told to misbehave. Confined to its event loop.
final class ScriptedProducer: Sendable {
    enum Answer: Sendable {
        case data(ByteBuffer, final: UInt64?, type: UInt64 = ContentType.blob, signer: Signer = .null)
        case nack(NackReason)
        case silence
    }

    /// What is answered for a segment of a blob; nil as a segment: another name below the blob's.
    typealias Handler = @Sendable (_ blob: Name, _ segment: UInt64?) -> Answer

    let loop: any EventLoop
    private let handler: Handler
    /// Of Interests and of Data, each by itself.
    private let loss: Double
    private let random = Mutex(SplitMix64(seed: 7))
    private let count = Mutex(0)
    private let listener: NIOLoopBoundBox<FaceListener?>
    private let endpoints: NIOLoopBoundBox<[Endpoint]>

    init(loop: any EventLoop, loss: Double = 0, handler: @escaping Handler) {
        self.loop = loop
        self.handler = handler
        self.loss = loss
        listener = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: loop)
        endpoints = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: loop)
    }

    /// Segment Interests received.
    var interests: Int { count.withLock { $0 } }

    func listen(at uri: FaceURI) async throws -> FaceURI {
        try await loop.flatSubmit { [self] in
            let listener = FaceListener(at: uri, on: loop, logger: Logger(label: "test")) { [self] face in
                let endpoint = Endpoint(face: face)
                endpoint.add(FaceHandlers(interest: { [self] in answer($0, $1, $2) }))
                endpoints.value.append(endpoint)
            }
            self.listener.value = listener
            return listener.start()
        }.get()
    }

    func close() async throws {
        try await loop.submit { [self] in
            listener.value?.close()
            listener.value = nil
            endpoints.value = []
        }.get()
    }

    private func isLost() -> Bool {
        loss > 0 && random.withLock { Double.random(in: 0..<1, using: &$0) < loss }
    }

    private func answer(_ interest: Interest, _ fields: LinkFields, _ face: Face) {
        let split = interest.name.splitSegment()
        if split != nil { count.withLock { $0 += 1 } }
        if isLost() { return }
        switch handler(split?.prefix ?? interest.name.dropLast(), split?.segment) {
        case .silence: break
        case .nack(let reason): face.send(interest.wire, LinkFields(nack: reason))
        case .data(let content, let final, let type, let signer):
            if isLost() { return }
            var data = DataBuilder(name: interest.name, content: content)
            data.contentType = type
            data.freshnessMilliseconds = 1000
            data.finalBlock = final.map { .segment($0) }
            if let packet = try? data.encode(signer: signer) { face.send(packet) }
        }
    }
}

/// A blob with seeded octets and the producer's answers for it.
struct TestBlob: Sendable {
    let name: Name
    let octets: ByteBuffer
    let chunk: Int

    init(_ text: String, size: Int, chunk: Int = 7777, seed: UInt64 = 1) {
        name = Name([.generic("test"), .generic(text)])
        var random = SplitMix64(seed: seed)
        var octets = ByteBuffer()
        while octets.readableBytes < size { octets.writeInteger(random.next()) }
        self.octets = octets.getSlice(at: 0, length: size) ?? ByteBuffer()
        self.chunk = chunk
    }

    var final: UInt64 { UInt64(max(octets.readableBytes - 1, 0) / chunk) }

    func answer(_ segment: UInt64?) -> ScriptedProducer.Answer {
        guard let segment, segment <= final else { return .silence }
        let offset = Int(segment) * chunk
        let length = min(chunk, octets.readableBytes - offset)
        return .data(octets.getSlice(at: offset, length: length) ?? ByteBuffer(), final: final)
    }
}
