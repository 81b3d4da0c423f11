#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Blobs on this machine's disk: the storage folder of a registry, or an OCI image layout.
///
/// Nothing outside the folder is ever read: every step of a path is opened by itself, and a symbolic link on the way is
/// refused.
public struct BlobFolder: Hashable, Sendable, CustomStringConvertible {
    /// How blobs lie in a folder.
    enum Layout: Hashable {
        /// The filesystem driver of the CNCF Distribution registry: `docker/registry/v2`, which knows repositories.
        case storage
        /// OCI image layout 1.1: `blobs/sha256`, whose blobs are of any repository that is asked for.
        case image
    }

    /// An absolute path.
    public let path: String
    let layout: Layout

    /// The folder of `file:///path` (a registry's storage) or `oci:///path` (an image layout); nil for another scheme.
    ///
    /// - Throws: ``BlobFolderError`` when there is no such folder, or it is not what the scheme says.
    public init?(url: String) throws(BlobFolderError) {
        let schemes: [(String, Layout)] = [("file://", .storage), ("oci://", .image)]
        guard let (scheme, layout) = schemes.first(where: { url.hasPrefix($0.0) }) else { return nil }
        let path = String(url.dropFirst(scheme.count))
        guard path.hasPrefix("/") else {
            throw BlobFolderError("\(url): write an absolute path, as in \(scheme)/srv/registry")
        }
        self.path = path
        self.layout = layout
        do throws(SystemError) {
            let root = try FileDescriptor(folder: path)
            switch layout {
            case .storage: _ = try root.folder("docker").folder("registry").folder("v2").folder("blobs")
            case .image: _ = try root.folder("blobs")
            }
        } catch {
            throw BlobFolderError("\(url): \(Self.advice(layout, error))")
        }
    }

    private static func advice(_ layout: Layout, _ error: SystemError) -> String {
        switch layout {
        case .storage:
            "\(error.reason); name the registry's storage folder, in which docker/registry/v2/blobs lies (no links on the way)"
        case .image:
            "\(error.reason); name the folder of an OCI image layout, in which blobs lies (no links on the way)"
        }
    }

    public var description: String { "\(layout == .storage ? "file" : "oci")://\(path)" }

    /// Opens a blob of a repository; nil when the folder does not have it.
    ///
    /// - Throws: `SystemError` when it is there and cannot be read, `ELOOP` for a link on the way.
    func open(_ repository: RepositoryName, _ digest: ContentDigest) throws(SystemError) -> BlobFile? {
        do throws(SystemError) {
            let root = try FileDescriptor(folder: path)
            let hex = digest.sha256.hex
            switch layout {
            case .storage:
                let base = try root.folder("docker").folder("registry").folder("v2")
                guard try Self.has(hex, repository, base) else { return nil }
                let folder = try base.folder("blobs").folder("sha256").folder(String(hex.prefix(2))).folder(hex)
                return try BlobFile(folder.file("data"))
            case .image:
                return try BlobFile(root.folder("blobs").folder("sha256").file(hex))
            }
        } catch {
            if error.number == ENOENT { return nil }
            throw error
        }
    }

    /// Whether the repository has the blob: the registry keeps a link file of its own for each.
    private static func has(
        _ hex: String, _ repository: RepositoryName, _ base: borrowing FileDescriptor
    ) throws(SystemError) -> Bool {
        var folder = try base.folder("repositories")
        for component in repository.text.split(separator: "/") { folder = try folder.folder(String(component)) }
        let link = try folder.folder("_layers").folder("sha256").folder(hex).file("link")
        return try link.size() > 0
    }
}

/// A folder that cannot serve blobs: what is wrong and what to do.
public struct BlobFolderError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
