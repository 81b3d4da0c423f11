import NIOCore

/// Finds the keys that KeyLocators name: fetches certificates, checks them up to a trust anchor, and remembers the outcome.
/// Confined to one event loop.
final class KeyResolver {
    typealias Outcome = Result<PublicKey, TrustFailure>

    /// Keys remembered; a peer can name as many as it likes.
    private static let capacity = 256
    /// How long a failure counts before it is tried again.
    private static let failureHold: UInt64 = 1000
    /// Certificates that are asked for past the caches, for one key.
    private static let freshTries = 3

    private enum Entry {
        case known(PublicKey, until: UInt64)
        case failed(TrustFailure, until: UInt64)
        case pending([(Outcome) -> Void])
    }

    /// Asks for a certificate by its name, or by a prefix of it; nil when none arrives.
    typealias Fetch = (InterestBuilder, @escaping (DataPacket?) -> Void) -> Void

    /// What is being looked for on behalf of one KeyLocator.
    private final class Search {
        var freshTries = KeyResolver.freshTries
    }

    let policy: TrustPolicy
    private let fetch: Fetch
    private let now: () -> UInt64
    private var entries: [Name: Entry] = [:]

    /// - Parameters:
    ///   - now: Milliseconds since 1970.
    ///   - fetch: Asks for a certificate.
    init(_ policy: TrustPolicy, now: @escaping () -> UInt64, fetch: @escaping Fetch) {
        self.policy = policy
        self.now = now
        self.fetch = fetch
    }

    /// The trusted key that a KeyLocator names; at once when it is known.
    func key(_ locator: Name, _ completion: @escaping (Outcome) -> Void) {
        switch entries[locator] {
        case .known(let key, let until) where now() <= until: return completion(.success(key))
        case .failed(let failure, let until) where now() < until: return completion(.failure(failure))
        case .pending(let waiting):
            entries[locator] = .pending(waiting + [completion])
            return
        default: break
        }
        if entries.count >= Self.capacity { forget() }
        let locator = locator.owned()
        entries[locator] = .pending([completion])
        resolve(locator, chain: [], Search()) { [self] result in
            guard case .pending(let waiting)? = entries[locator] else { return }
            switch result {
            case .success(let (key, until)): entries[locator] = .known(key, until: until)
            case .failure(let failure): entries[locator] = .failed(failure, until: now() &+ Self.failureHold)
            }
            for completion in waiting { completion(result.map(\.0)) }
        }
    }

    private func forget() {
        entries = entries.filter { if case .pending = $0.value { true } else { false } }
    }

    /// Until when the key counts: the earliest end of validity on the way to the anchor, an hour at most.
    private typealias Resolution = Result<(PublicKey, until: UInt64), TrustFailure>

    private func resolve(
        _ locator: Name, chain: [Name], _ search: Search, _ completion: @escaping (Resolution) -> Void
    ) {
        do throws(TrustFailure) {
            switch try policy.step(for: locator, chain: chain, now: now()) {
            case .anchor(let key): completion(.success((key, now() &+ 3_600_000)))
            case .fetch(let name, let canBePrefix):
                var interest = InterestBuilder(name: name)
                interest.canBePrefix = canBePrefix
                ask(interest, chain: chain, search) { [self] result in
                    // A key may have several certificates, and a cache gives the first that it has; it may also have
                    // been filled with something else under the name.
                    guard case .failure(let failure) = result, failure.rule != .unreachable, search.freshTries > 0
                    else { return completion(result) }
                    search.freshTries -= 1
                    interest.mustBeFresh = true
                    ask(interest, chain: chain, search) { second in
                        if case .failure(let last) = second, last.rule == .unreachable { return completion(result) }
                        completion(second)
                    }
                }
            }
        } catch {
            completion(.failure(error))
        }
    }

    private func ask(
        _ interest: InterestBuilder, chain: [Name], _ search: Search, _ completion: @escaping (Resolution) -> Void
    ) {
        fetch(interest) { [self] data in
            guard let data else { return completion(.failure(.init(rule: .unreachable, name: interest.name))) }
            arrived(data, for: interest.name, chain: chain, search, completion)
        }
    }

    private func arrived(
        _ data: DataPacket, for locator: Name, chain: [Name], _ search: Search,
        _ completion: @escaping (Resolution) -> Void
    ) {
        do throws(TrustFailure) {
            let certificate = try policy.certificate(data, for: locator, now: now())
            let issuer = try policy.locator(of: certificate.data.signature, signing: certificate.name)
            resolve(issuer, chain: chain + [certificate.keyName], search) { result in
                completion(
                    result.flatMap { key, until in
                        guard certificate.isSigned(by: key) else {
                            return .failure(.init(rule: .forged, name: certificate.name))
                        }
                        let end = UInt64(max(0, certificate.validity.notAfter)) &* 1000 &+ 999
                        return .success((certificate.publicKey, min(until, end)))
                    })
            }
        } catch {
            completion(.failure(error))
        }
    }
}
