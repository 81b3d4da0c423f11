import NDN
import NIOCore
import RegistryNDN
import Synchronization

/// A place that has a blob in full, and remembers who asked it for what.
final class BlobLibrary: Sendable {
    struct Request: Hashable, Sendable {
        let who: String
        let octets: Range<UInt64>
        let sizes: ClosedRange<UInt64>
    }

    private let blob: TestBlob
    private let isOpen: Bool
    private let asked = Mutex<[Request]>([])

    /// - Parameter isOpen: whether it gives anything.
    init(_ blob: TestBlob, isOpen: Bool = true) {
        self.blob = blob
        self.isOpen = isOpen
    }

    var requests: [Request] { asked.withLock { $0 } }

    /// The segments it was asked for, each as often as it was.
    func segments(by who: String) -> [UInt64] {
        let chunk = UInt64(blob.chunk)
        return requests.filter { $0.who == who }.flatMap { request in
            Array(request.octets.lowerBound / chunk..<(request.octets.upperBound + chunk - 1) / chunk)
        }.sorted()
    }

    /// The way of a reader with credentials of his own.
    func repair(as who: String = "somebody") -> BlobRepair {
        BlobRepair(audience: SHA256.hash(ByteBuffer(string: who))) { [self] octets, sizes, done in
            asked.withLock { $0.append(Request(who: who, octets: octets, sizes: sizes)) }
            let end = min(octets.upperBound, UInt64(blob.octets.readableBytes))
            done(
                isOpen && sizes.contains(UInt64(blob.octets.readableBytes))
                    ? blob.octets.getSlice(at: Int(octets.lowerBound), length: Int(end - octets.lowerBound)) : nil)
        }
    }
}

extension TestBlob {
    /// What may be wrong with a segment.
    enum Fault: CaseIterable, Sendable {
        case length, nack, type, final
    }

    /// The answer for a segment with a fault.
    func answer(_ segment: UInt64?, _ fault: Fault) -> ScriptedProducer.Answer {
        guard case .data(let content, let final, let type, let signer) = answer(segment) else { return .silence }
        switch fault {
        case .length: return .data(ByteBuffer(repeating: 1, count: chunk + 1), final: final, signer: signer)
        case .nack: return .data(ByteBuffer(), final: final, type: ContentType.nack, signer: signer)
        case .type: return .data(content, final: final, type: 77, signer: signer)
        case .final: return .data(content, final: final.map { $0 + 1 }, type: type, signer: signer)
        }
    }
}
