package import NDN
import NIOCore

/// The NDN name of a blob, and the only place that knows how such names are laid out.
///
/// `<prefix>/<repository>/<digest>`, then `/<seg=N>` for each packet of it, or `/32=metadata`. The repository is ONE
/// GenericNameComponent with the whole name as UTF-8, slashes included; the digest is the 32 raw octets of the SHA-256.
/// The layout is frozen: the original system's clients and servers use it.
package struct BlobName: Hashable, Sendable, CustomStringConvertible {
    /// The last component of the Interest that asks whether a blob exists.
    package static let metadataComponent = NameComponent.keyword("metadata")

    package let prefix: Name
    package let repository: RepositoryName
    package let digest: ContentDigest

    package init(prefix: Name, repository: RepositoryName, digest: ContentDigest) {
        self.prefix = prefix
        self.repository = repository
        self.digest = digest
    }

    /// Reads `<prefix>/<repository>/<digest>`, or nil when `name` is not exactly that.
    package init?(parsing name: Name, prefix: Name) {
        guard name.count == prefix.count + 2, prefix.isPrefix(of: name) else { return nil }
        // The prefix given, and no part of `name`: that lies in the receive buffer of an Interest.
        self.init(parsing: name, prefix: prefix, prefixCount: prefix.count)
    }

    /// Reads `<prefix>/<repository>/<digest>` whose prefix is everything but the last two components, or nil when
    /// these are not a repository and a digest.
    package init?(parsing name: Name) {
        guard name.count >= 2 else { return nil }
        self.init(parsing: name, prefix: name.prefix(name.count - 2), prefixCount: name.count - 2)
    }

    private init?(parsing name: Name, prefix: Name, prefixCount: Int) {
        let repository = name[prefixCount]
        let digest = name[prefixCount + 1]
        guard repository.type == NameComponent.genericType, digest.type == NameComponent.genericType,
            let repository = RepositoryName(octets: repository.value.readableBytesView),
            let digest = SHA256Digest(bytes: digest.value.readableBytesView)
        else { return nil }
        self.init(prefix: prefix, repository: repository, digest: ContentDigest(sha256: digest))
    }

    /// `<prefix>/<repository>/<digest>`.
    package var name: Name {
        prefix.appending(.generic(repository.text)).appending(.generic(digest.sha256.bytes))
    }

    /// `<prefix>/<repository>/<digest>/32=metadata`.
    package var metadataName: Name { name.appending(Self.metadataComponent) }

    /// The name as people write it: prefix, repository and digest, apart from each other.
    package var description: String { "\(prefix.uri) \(repository) \(digest)" }
}

extension Name {
    /// Whether this is `<prefix>/ping/<anything>`, which ndnping asks for and its server answers: one component fewer than a
    /// segment of a blob has, so that the original server ignores it.
    func isPing(of prefix: Name) -> Bool {
        count == prefix.count + 2 && prefix.isPrefix(of: self) && self[prefix.count] == .generic("ping")
    }

    /// The name to ask for to reach a producer of `prefix`; a random number keeps caches out.
    static func ping(_ prefix: Name, number: UInt64) -> Name {
        prefix.appending(.generic("ping")).appending(.generic("\(number)"))
    }
}
