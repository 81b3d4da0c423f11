internal import FoundationEssentials

/// Credentials by registry, in the form of docker's `config.json`; of it `auths` is read.
public struct CredentialFile: Sendable {
    private struct Document: Decodable {
        struct Entry: Decodable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
        }

        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private let path: String
    private let document: Document

    /// Reads a file, which must be closed to all others as any with secrets.
    ///
    /// Throws `SecurityError` for one that cannot be read or is open to others, and for what is not of this form.
    public init(path: String) throws(SecurityError) {
        try self.init(path: path, text: try PrivateFile.read(path))
    }

    init(path: String, text: String) throws(SecurityError) {
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        } catch {
            // The error of the decoder may quote what it read.
            throw SecurityError(
                .malformed, "\(path) is no JSON file of the form {\"auths\": {\"HOST\": {\"auth\": …}}}")
        }
        self.path = path
    }

    /// The credential for the registry at `url`; throws `SecurityError` where there is none.
    public func credential(for url: UpstreamURL) throws(SecurityError) -> Credential {
        let names = Self.names(of: url)
        let entries = (document.auths ?? [:]).map { (host: Self.host($0.key), entry: $0.value) }
        // `docker login` leaves an empty entry where a helper keeps the secret.
        for (host, entry) in entries where names.contains(host) {
            if let credential = try credential(entry, host) { return credential }
        }
        let helper =
            document.credHelpers?.first { names.contains(Self.host($0.key)) }?.value ?? document.credsStore
        if let helper {
            throw SecurityError(
                .notFound,
                "\(path): the credentials for \(url.authority) are kept by docker-credential-\(helper), which is not asked: write them to a file of their own, with auths"
            )
        }
        let known = entries.map(\.host).sorted().joined(separator: ", ")
        throw SecurityError(
            .notFound,
            "\(path) has no credentials for \(url.authority)" + (known.isEmpty ? "" : ", only for \(known)"))
    }

    private func credential(_ entry: Document.Entry, _ host: String) throws(SecurityError) -> Credential? {
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
        if let user = entry.username, let password = entry.password, !user.isEmpty {
            return .password(user: user, password: password)
        }
        guard let auth = entry.auth, !auth.isEmpty else { return nil }
        guard let octets = Base64.decode(auth.utf8), let text = String(validating: octets, as: UTF8.self),
            let colon = text.firstIndex(of: ":"), colon > text.startIndex
        else {
            throw SecurityError(.malformed, "\(path): auth of \(host) is not user:password in base64")
        }
        return .password(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }

    /// Keys are hosts, or URLs as older ones were written.
    private static func host(_ key: String) -> String {
        var rest = Substring(key)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return rest.prefix { $0 != "/" }.lowercased()
    }

    /// Under which hosts a registry may be listed: with and without its port, Docker Hub under its index.
    private static func names(of url: UpstreamURL) -> Set<String> {
        let host = url.host.lowercased()
        var names: Set<String> = [url.authority.lowercased(), "\(host):\(url.port)"]
        if url.port == (url.isSecure ? 443 : 80) { names.insert(host) }
        if host == "registry-1.docker.io" { names.formUnion(["index.docker.io", "docker.io"]) }
        return names
    }
}
