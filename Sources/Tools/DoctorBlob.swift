import Logging
import NDN
import RegistryNDN

/// What `doctor` looks at of one blob, of a client's registry or a server's: that the registry has it, that it comes over NDN,
/// and that it is the same.
struct DoctorBlob {
    let options: DoctorOptions
    /// The registry that it is of; nil for a folder, which a server may serve instead.
    let trial: RegistryTrial?
    /// Its number among a client's.
    let registry: Int?

    /// Which blob is to be fetched; nil without one.
    ///
    /// - Parameter isServed: whether a server's options let a repository be served.
    func wanted(_ report: inout GrowingReport, isServed: (RepositoryName) -> Bool = { _ in true }) async
        -> BlobReference?
    {
        if let repository = options.blob?.repository ?? options.image?.repository, !isServed(repository) {
            report.note(
                .fail(
                    "--repository does not let \(repository) be served",
                    remedy: "name what is served, or give its repository to --repository as well"),
                of: .image, registry: registry)
            return nil
        }
        if let blob = options.blob {
            report.note(
                .ok("\(blob.digest) of \(blob.repository) is named by --blob"), of: .image, registry: registry)
            return blob
        }
        guard let image = options.image else {
            report.note(.skip("no --image or --blob is named"), of: .image, registry: registry)
            return nil
        }
        guard let trial else {
            report.note(
                .skip("a folder is served, where images are not looked for: name a blob with --blob"), of: .image,
                registry: registry)
            return nil
        }
        guard report.report.obstacle(to: .image, of: registry) == nil else {
            report.note(.skip(""), of: .image, registry: registry)
            return nil
        }
        let (smallest, outcome) = await BlobExamination.smallest(of: image, trial)
        report.note(outcome, of: .image, registry: registry)
        return smallest.map { BlobReference(repository: image.repository, digest: $0.digest) }
    }

    /// Fetches it.
    func examine(
        _ blob: BlobName?, _ path: PathExamination?, _ fetching: FetchConfiguration, _ face: FaceConfiguration,
        _ report: inout GrowingReport, _ logger: Logger
    ) async {
        guard let blob, let path, report.report.obstacle(to: .metadata, of: registry) == nil else {
            for check in [DoctorReport.Check.metadata, .signature, .blob] {
                report.note(.skip("no --image or --blob is named"), of: check, registry: registry)
            }
            return
        }
        let blobs = BlobExamination(blob: blob, path: path, trial: trial)
        report.note(await blobs.metadata(), of: .metadata, registry: registry)
        guard report.report.obstacle(to: .signature, of: registry) == nil else {
            for check in [DoctorReport.Check.signature, .blob] { report.note(.skip(""), of: check, registry: registry) }
            return
        }
        let fetched = await blobs.fetch(fetching, face, logger)
        report.note(
            blobs.signature(fetched, hasAnchor: fetching.trust != nil), of: .signature, registry: registry)
        await report.note(of: .blob, registry: registry) { await blobs.comparison(fetched) }
    }
}
