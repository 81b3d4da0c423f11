internal import NDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Blobs on this machine's disk: the storage folder of a registry, or an OCI image layout.
///
/// Nothing outside the folder is ever read: every step of a path is opened by itself. Symbolic links are followed in an image
/// layout, where build tools make them, as long as they stay in it.
package struct BlobFolder: Hashable, Sendable, CustomStringConvertible {
    /// How blobs lie in a folder.
    enum Layout: Hashable {
        /// The filesystem driver of the CNCF Distribution registry: `docker/registry/v2`, which knows repositories.
        case storage
        /// OCI image layout 1.1: `blobs/sha256`, whose blobs are of any repository that is asked for.
        case image
    }

    /// An absolute path.
    package let path: String
    let layout: Layout

    /// The folder of `file:///path` (a registry's storage) or `oci:///path` (an image layout); nil for another scheme.
    ///
    /// - Throws: ``BlobFolderError`` when there is no such folder, or it is not what the scheme says.
    package init?(url: String) throws(BlobFolderError) {
        let schemes: [(String, Layout)] = [("file://", .storage), ("oci://", .image)]
        guard let (scheme, layout) = schemes.first(where: { url.hasPrefix($0.0) }) else { return nil }
        let path = String(url.dropFirst(scheme.count))
        guard path.hasPrefix("/") else {
            throw BlobFolderError("\(url): write an absolute path, as in \(scheme)/srv/registry")
        }
        self.path = path
        self.layout = layout
        let root: FileDescriptor
        do throws(SystemError) {
            root = try FileDescriptor(folder: path)
        } catch {
            throw BlobFolderError("\(url): \(Self.advice(layout, error))")
        }
        do throws(SystemError) {
            try Self.find(layout, in: root)
        } catch {
            throw BlobFolderError(
                "\(url): \(error.number == ENOENT ? Self.mismatch(layout, path, root) : Self.advice(layout, error))")
        }
        if layout == .image { try checkLinks() }
    }

    /// - Throws: `SystemError` where a folder does not have blobs as the layout has them.
    private static func find(_ layout: Layout, in root: borrowing FileDescriptor) throws(SystemError) {
        switch layout {
        case .storage: _ = try root.folder("docker").folder("registry").folder("v2").folder("blobs")
        case .image: _ = try root.folder(beneath: ["blobs"])
        }
    }

    /// What is wrong with a folder that is there and has no such layout, and what to do.
    private static func mismatch(_ layout: Layout, _ path: String, _ root: borrowing FileDescriptor) -> String {
        let other: Layout = layout == .storage ? .image : .storage
        let isOther: Bool
        do throws(SystemError) {
            try find(other, in: root)
            isOther = true
        } catch {
            isOther = false
        }
        switch layout {
        case .storage:
            return "this is no registry's storage folder: there is no docker/registry/v2/blobs in it; "
                + (isOther
                    ? "it may be an OCI image layout: write oci://\(path)"
                    : "name the folder that the registry's configuration calls rootdirectory, often /var/lib/registry")
        case .image:
            return "this is no OCI image layout: there is no blobs in it; "
                + (isOther
                    ? "it may be a registry's storage folder: write file://\(path)"
                    : "name the folder in which oci-layout, index.json and blobs lie")
        }
    }

    /// A build tool that links to its own store makes a layout of which nothing could be served: whoever starts the server is
    /// told at once.
    private func checkLinks() throws(BlobFolderError) {
        var outside: [(name: String, target: String)] = []
        do throws(SystemError) {
            let root = try FileDescriptor(folder: path)
            let blobs = try root.folder(beneath: Self.imageBlobs)
            for name in try blobs.names().sorted() {
                guard let target = try blobs.target(of: name) else { continue }
                do throws(SystemError) {
                    _ = try root.file(beneath: Self.imageBlobs + [name])
                } catch {
                    if error.number == EXDEV { outside.append((name, target)) }
                }
            }
        } catch {
            // A layout without blobs may get some.
            guard error.number == ENOENT else { throw BlobFolderError("\(self): \(Self.advice(layout, error))") }
        }
        guard let first = outside.first else { return }
        throw BlobFolderError(
            "\(self): \(Self.imageBlobs.joined(separator: "/"))/\(first.name) is a link to \(first.target), which leads out of the folder (\(outside.count) such links): copy the layout with what its links lead to, as cp -rL does"
        )
    }

    private static let imageBlobs = ["blobs", "sha256"]

    private static func advice(_ layout: Layout, _ error: SystemError) -> String {
        switch layout {
        case .storage:
            "\(error.reason); name the registry's storage folder, in which docker/registry/v2/blobs lies (no links on the way)"
        case .image:
            "\(error.reason); name the folder of an OCI image layout, in which blobs lies (no links that lead out)"
        }
    }

    package var description: String { "\(layout == .storage ? "file" : "oci")://\(path)" }

    /// Opens a blob of a repository; nil when the folder does not have it.
    ///
    /// - Throws: `SystemError` when it is there and cannot be read, `ELOOP` for a link on the way in a registry's storage, `EXDEV`
    ///   for one that leads out of an image layout.
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
                return try BlobFile(root.file(beneath: Self.imageBlobs + [hex]))
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
        let folder = try self.folder(of: repository, base)
        let link = try folder.folder("_layers").folder("sha256").folder(hex).file("link")
        return try link.size() > 0
    }

    private static func folder(
        of repository: RepositoryName, _ base: borrowing FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        var folder = try base.folder("repositories")
        for component in repository.text.split(separator: "/") { folder = try folder.folder(String(component)) }
        return folder
    }

    /// Why nothing of a repository is served though it is there; nil where nothing is wrong.
    func fault(of repository: RepositoryName) -> String? {
        guard layout == .storage else { return nil }
        do throws(SystemError) {
            let base = try FileDescriptor(folder: path).folder("docker").folder("registry").folder("v2")
            let folder = try Self.folder(of: repository, base)
            let names = try folder.names()
            guard names.contains("_manifests"), !names.contains("_layers") else { return nil }
        } catch {
            return nil
        }
        return
            "\(self): the repository \(repository) has no folder _layers, which says what blobs are its own: none of them is served; copy a registry's storage with all that is in it"
    }
}

/// A folder that cannot serve blobs: what is wrong and what to do.
package struct BlobFolderError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
