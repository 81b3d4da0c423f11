internal import NIOCore

/// One status dataset being fetched over a face. Confined to its event loop; lives until its future is complete.
final class DatasetFetch {
    /// A lost Interest is sent again so often.
    private static let retransmissions = 2

    private let endpoint: Endpoint
    private let name: Name
    private let lifetime: UInt64
    private var assembly: DatasetAssembly
    private let promise: EventLoopPromise<(content: ByteBuffer, clock: UInt64?)>
    /// Why a segment did not come whose number may lie past the end.
    private var failed: CommandError.Reason?
    private var underWay = 0
    private var isOver = false

    init(endpoint: Endpoint, name: Name, lifetime: UInt64) {
        self.endpoint = endpoint
        self.name = name
        self.lifetime = lifetime
        assembly = DatasetAssembly(dataset: name)
        promise = endpoint.face.eventLoop.makePromise()
    }

    /// Begins; fails with `CommandError.Reason`.
    func start() -> EventLoopFuture<(content: ByteBuffer, clock: UInt64?)> {
        // Without CanBePrefix nothing answers (docs/protocol.md 8.6).
        var interest = InterestBuilder(name: name)
        interest.canBePrefix = true
        interest.mustBeFresh = true
        ask(interest, segment: nil)
        return promise.futureResult
    }

    private func ask(_ interest: InterestBuilder, segment: UInt64?) {
        var interest = interest
        interest.lifetimeMilliseconds = lifetime
        underWay += 1
        endpoint.express(interest, retransmissions: Self.retransmissions).assumeIsolated().whenComplete { result in
            self.underWay -= 1
            guard !self.isOver else { return }
            switch result {
            case .success(let data): self.receive(data)
            case .failure(let error): self.missed(segment, CommandError.Reason(error))
            }
        }
    }

    private func receive(_ data: DataPacket) {
        do throws(WireError) {
            for name in try assembly.receive(data) {
                ask(InterestBuilder(name: name), segment: name.last?.number)
            }
        } catch {
            return finish(.failure(.malformed))
        }
        if let content = assembly.content {
            finish(.success(content))
        } else {
            giveUpIfNothingIsUnderWay()
        }
    }

    private func missed(_ segment: UInt64?, _ reason: CommandError.Reason) {
        if let segment, assembly.isDispensable(segment) { return giveUpIfNothingIsUnderWay() }
        failed = failed ?? reason
        let mayBePastTheEnd = segment != nil && assembly.last == nil
        if mayBePastTheEnd { giveUpIfNothingIsUnderWay() } else { finish(.failure(reason)) }
    }

    private func giveUpIfNothingIsUnderWay() {
        if underWay == 0 { finish(.failure(failed ?? .timeout)) }
    }

    private func finish(_ outcome: Result<ByteBuffer, CommandError.Reason>) {
        guard !isOver else { return }
        isOver = true
        switch outcome {
        case .success(let content): promise.succeed((content, assembly.version))
        case .failure(let reason): promise.fail(reason)
        }
    }
}
