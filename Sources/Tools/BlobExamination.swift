import Logging
import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// What `doctor` says of one blob: that it comes, who signs it, and whether its bytes are the registry's.
struct BlobExamination: Sendable {
    /// Of a larger blob the begin is compared.
    private static let most = 1 << 20
    private static let lifetime = TimeAmount.seconds(2)
    private static let patienceForNack = TimeAmount.seconds(1)
    private static let patience = TimeBound(limit: .seconds(6))

    let blob: BlobName
    let path: PathExamination
    /// nil where a folder is in the place of the registry.
    let trial: RegistryTrial?

    /// The blob that is asked for: the smallest of the image.
    static func smallest(of image: ImageReference, _ trial: RegistryTrial) async -> (
        RegistryTrial.Blob?, DoctorReport.Outcome
    ) {
        let what = "\(image.repository) \(image.reference)"
        do {
            let blobs = try await patience.run { try await trial.blobs(of: image.repository, image.reference) }
            guard let smallest = blobs.first else {
                return (
                    nil,
                    .fail("\(trial.url) has \(what), which has no blobs", remedy: "name another image with --image")
                )
            }
            let words = "\(trial.url) has \(what); its smallest blob is \(smallest.digest), \(smallest.size) octets"
            return (smallest, .ok(words))
        } catch {
            return (
                nil,
                .fail(
                    ErrorSentence.of(error),
                    remedy: "correct --image, or log in with --credentials where it is not for all")
            )
        }
    }

    // MARK: the server's word

    /// Whether the server has the blob: it says so by the first segment, which a cache may give as well, and denies it by a Nack
    /// of the metadata's name.
    func metadata() async -> DoctorReport.Outcome {
        for _ in 0..<2 {
            if case .data(let type, _) = await path.pinger.ping(blob.segment, exact: true, lifetime: Self.lifetime),
                type != ContentType.nack
            {
                return .ok("\(blob.digest) comes from the server of \(blob.prefix.uri), or from a cache on the way")
            }
            guard
                case .data(ContentType.nack, _) = await path.pinger.ping(
                    blob.metadataName, exact: true, isFresh: true, lifetime: Self.patienceForNack)
            else { continue }
            return .fail(
                "the server of \(blob.prefix.uri) says that it has no \(blob.digest) in \(blob.repository)",
                remedy:
                    "its --registry must be the client's --upstream, or hold the same; where it has --repository, that must match"
            )
        }
        return .fail(
            "nothing of \(blob.digest) comes from the server of \(blob.prefix.uri)",
            remedy: "see the server's log: its registry does not answer, or is slow")
    }

    // MARK: the bytes

    /// Fetches the blob, or the begin of it, as the client would.
    func fetch(_ configuration: FetchConfiguration, _ face: FaceConfiguration, _ logger: Logger) async -> Result<
        ByteBuffer, any Error
    > {
        var configuration = configuration
        configuration.sizeTimeout = .seconds(3)
        configuration.progressTimeout = .seconds(3)
        let (asked, name, router) = (configuration, blob.name, path.router)
        do {
            let octets = try await Self.patience.run {
                let fetcher = try await BlobFetcher.connect(
                    router: router, configuration: asked, face: face, group: MultiThreadedEventLoopGroup.singleton,
                    logger: logger)
                do {
                    let reader = try await fetcher.open(name, range: .from(0, through: UInt64(Self.most) - 1))
                    var octets = ByteBuffer()
                    while let chunk = try await reader.next() { octets.writeImmutableBuffer(chunk) }
                    await fetcher.shutdown()
                    return octets
                } catch {
                    await fetcher.shutdown()
                    throw error
                }
            }
            return .success(octets)
        } catch {
            return .failure(error)
        }
    }

    func signature(_ fetched: Result<ByteBuffer, any Error>, hasAnchor: Bool) -> DoctorReport.Outcome {
        guard hasAnchor else { return .skip("no --trust-anchor: the digest alone says whether a blob is whole") }
        if case .failure(let error) = fetched, case .untrusted(let failure)? = error as? FetchError {
            return .fail(
                "what the server of \(blob.prefix.uri) sends is not trusted: \(failure)",
                remedy:
                    "give --trust-anchor the certificate that the server's key leads to, and the server its --keychain; `registry-ndn cert show FILE` tells them apart"
            )
        }
        guard case .success = fetched else { return .skip("nothing came that could be signed") }
        return .ok("\(blob.digest) is signed as the trust anchor demands")
    }

    /// Whether what came is what the registry has.
    func comparison(_ fetched: Result<ByteBuffer, any Error>) async -> DoctorReport.Outcome {
        let octets: ByteBuffer
        switch fetched {
        case .success(let came): octets = came
        case .failure(let error):
            return .fail(
                "\(blob.digest) does not come over NDN: \(ErrorSentence.of(error))",
                remedy: "see the server's log, and docs/faults.md; pulls get it from the registry meanwhile")
        }
        guard let trial else {
            return .ok("\(octets.readableBytes) octets of \(blob.digest) came over NDN")
        }
        let (digest, repository) = (blob.digest, blob.repository)
        let theirs: ByteBuffer
        do {
            theirs = try await Self.patience.run {
                try await trial.octets(of: digest, in: repository, atMost: Self.most)
            }
        } catch {
            return .fail(
                "\(ErrorSentence.of(error)), though it came over NDN",
                remedy: "correct --blob, or log in with --credentials where it is not for all")
        }
        guard octets == theirs else {
            return .fail(
                "\(digest) came over NDN with other bytes than \(trial.url) has (\(octets.readableBytes) and \(theirs.readableBytes) octets were compared)",
                remedy:
                    "a cache or a router on the way alters it, or one of the two holds a damaged copy: empty the server's cache by a restart, and try --trust-anchor"
            )
        }
        return .ok("\(octets.readableBytes) octets of \(digest) came over NDN, and are the registry's")
    }
}
