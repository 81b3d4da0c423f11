import ArgumentParser
import RegistryNDN

/// `REPOSITORY[:TAG|@DIGEST]` on the command line: what a registry has, without the registry's own address.
struct ImageReference: Equatable {
    let repository: RepositoryName
    /// A tag or a digest.
    let reference: String

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> ImageReference {
        func wrong() -> ValidationError {
            ValidationError(
                "\"\(text)\" is no image: write REPOSITORY, REPOSITORY:TAG or REPOSITORY@sha256:…, such as library/alpine:3, without the registry's address"
            )
        }
        if let at = text.firstIndex(of: "@") {
            guard let repository = RepositoryName(String(text[..<at])),
                let digest = ContentDigest(text[text.index(after: at)...])
            else { throw wrong() }
            return ImageReference(repository: repository, reference: "\(digest)")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let tag = parts.count > 1 ? String(parts[1]) : "latest"
        guard let repository = RepositoryName(String(parts[0])), isTag(tag) else { throw wrong() }
        return ImageReference(repository: repository, reference: tag)
    }

    /// OCI distribution specification 1.1, "Pulling manifests".
    private static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return text.utf8.count <= 128
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}

/// `REPOSITORY@DIGEST` on the command line.
struct BlobReference: Equatable {
    let repository: RepositoryName
    let digest: ContentDigest

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> BlobReference {
        guard let image = try? ImageReference.parse(text), let digest = ContentDigest(image.reference) else {
            throw ValidationError("\"\(text)\" is no blob: write REPOSITORY@sha256:… with 64 hexadecimal digits")
        }
        return BlobReference(repository: image.repository, digest: digest)
    }
}
