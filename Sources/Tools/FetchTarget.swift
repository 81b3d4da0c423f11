import ArgumentParser
import NDN
import NIOCore
import RegistryNDN

/// What `fetch` is to get, as people name it: one NDN name, or prefix, repository and digest apart from each other.
struct FetchTarget {
    let name: Name
    /// Of the octets; nil when none is to be checked.
    let digest: SHA256Digest?
    /// nil for an object that is no blob.
    let blob: BlobName?

    /// - Parameter isAnyObject: the name need not end in a digest.
    init(_ words: [String], isAnyObject: Bool) throws {
        switch words.count {
        case 1: try self.init(name: words[0], isAnyObject: isAnyObject)
        case 3 where !isAnyObject: try self.init(prefix: words[0], repository: words[1], digest: words[2])
        default:
            throw ValidationError(
                isAnyObject
                    ? "--any-object needs one NDN name"
                    : "name one blob: PREFIX REPOSITORY DIGEST, such as /example/docker library/alpine sha256:…, or its NDN name"
            )
        }
    }

    private init(prefix: String, repository: String, digest: String) throws {
        let prefix = try NameArgument.parse(prefix)
        guard let repository = RepositoryName(repository) else {
            throw ValidationError("\"\(repository)\" is not a repository's name, such as library/alpine")
        }
        guard let digest = Self.digest(digest) else {
            throw ValidationError("\"\(digest)\" is not a blob's digest: sha256: and 64 hexadecimal digits")
        }
        self.init(BlobName(prefix: prefix, repository: repository, digest: ContentDigest(sha256: digest)))
    }

    private init(name text: String, isAnyObject: Bool) throws {
        let parsed = try NameArgument.parse(text)
        let digest = parsed.last.flatMap {
            Self.digest(String(buffer: $0.value)) ?? SHA256Digest(bytes: $0.value.readableBytesView)
        }
        guard !isAnyObject else {
            let isWritten = parsed.last.map { String(buffer: $0.value).hasPrefix("sha256:") } ?? false
            name = isWritten ? digest.map { parsed.dropLast().appending(.generic($0.bytes)) } ?? parsed : parsed
            (self.digest, blob) = (nil, nil)
            return
        }
        guard let digest else {
            throw ValidationError(
                "\(text) does not end in a blob's digest: sha256:<64 hexadecimal digits>, or 32 octets (%XX where needed)"
            )
        }
        name = parsed.dropLast().appending(.generic(digest.bytes))
        self.digest = digest
        blob = BlobName(parsing: name)
    }

    private init(_ blob: BlobName) {
        name = blob.name
        digest = blob.digest.sha256
        self.blob = blob
    }

    /// `sha256:` and hexadecimal digits, in whatever case, or the digits alone.
    private static func digest(_ text: String) -> SHA256Digest? {
        let hex = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        return SHA256Digest(hex: hex.lowercased())
    }

    /// For messages.
    var text: String { blob.map { "\($0)" } ?? name.uri }
}
