internal import NDN

/// Names of Docker Hub's official images: `alpine` is short for `library/alpine`.
enum OfficialImage {
    private static let folder = "library/"

    /// A repository's name in full.
    static func fullName(_ repository: String) -> String {
        repository.utf8.contains(UInt8(ascii: "/")) || repository.isEmpty ? repository : folder + repository
    }

    /// A path behind `/v2/`, with the name of its repository in full: the name has one component when exactly what follows
    /// a name in the OCI distribution specification 1.1, "Endpoints", follows the first.
    static func fullPath(_ path: Substring) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isShort =
            switch parts.count {
            case 3: ["manifests", "blobs", "tags", "referrers"].contains(parts[1])
            case 4: parts[1] == "blobs" && parts[2] == "uploads"
            default: false
            }
        return isShort ? folder + path : String(path)
    }
}
