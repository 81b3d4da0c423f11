/// What `--version` says.
enum Version {
    /// The one place where it stands.
    static let number = "0.1.0"

    static let text = (["registry-ndn \(number)", "commit \(BuiltFrom.commit)"] + BuiltFrom.packages)
        .joined(separator: "\n")
}
