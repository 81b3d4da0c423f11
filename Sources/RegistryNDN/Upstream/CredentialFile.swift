internal import FoundationEssentials
package import NDN

/// Credentials by registry, in the form of docker's `config.json`; of it `auths`, `credHelpers` and `credsStore` are read.
package struct CredentialFile: Sendable {
    /// Where the secret for a registry is.
    package enum Source: Hashable, Sendable {
        case here(Credential)
        /// The program docker-credential-`helper` keeps it under the name `server`.
        case kept(helper: String, server: String)
    }

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

    /// A sentence that says that others can read the file; nil when they cannot.
    package let notice: String?

    /// Reads a file, or what it is a link to, as secrets are mounted.
    ///
    /// Throws `SecurityError` for a file that cannot be read, that others could have written, or that is not of this form.
    package init(path: String) throws(SecurityError) {
        let secret = try PrivateFile.readSecret(path)
        try self.init(path: path, text: secret.text, notice: secret.notice)
    }

    init(path: String, text: String, notice: String? = nil) throws(SecurityError) {
        self.notice = notice
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        } catch {
            // The error of the decoder may quote what it read.
            throw SecurityError(
                .malformed, "\(path) is no JSON file of the form {\"auths\": {\"HOST\": {\"auth\": …}}}")
        }
        self.path = path
    }

    /// Where the credential for the registry at `url` is; throws `SecurityError` where there is none.
    package func source(for url: UpstreamURL) throws(SecurityError) -> Source {
        let names = Self.names(of: url)
        // Sorted: a host may be listed twice, by its name and in a URL, and each start should find the same entry.
        let entries = (document.auths ?? [:]).sorted { $0.key < $1.key }.map {
            (host: Self.host($0.key), entry: $0.value)
        }
        // `docker login` leaves an empty entry where a helper keeps the secret.
        for (host, entry) in entries where names.contains(host) {
            if let credential = try credential(entry, host) { return .here(credential) }
        }
        let helpers = (document.credHelpers ?? [:]).sorted { $0.key < $1.key }
        if let (server, helper) = helpers.first(where: { names.contains(Self.host($0.key)) }) {
            return try kept(helper, server)
        }
        if let store = document.credsStore, !store.isEmpty {
            let hub = RegistryHost.dockerHub
            return try kept(store, url.host == hub.registry ? "https://\(hub.index)/v1/" : url.authority)
        }
        let known = entries.map(\.host).joined(separator: ", ")
        throw SecurityError(
            .notFound,
            "\(path) has no credentials for \(url.authority)" + (known.isEmpty ? "" : ", only for \(known)"))
    }

    /// The helper's name is a part of a program's name: nothing in it may lead to another program.
    private func kept(_ helper: String, _ server: String) throws(SecurityError) -> Source {
        guard !helper.isEmpty,
            helper.utf8.allSatisfy({ $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
        else {
            throw SecurityError(
                .malformed, "\(path): \"\(helper)\" is no credential helper: a name has a to z, 0 to 9 and -")
        }
        return .kept(helper: helper, server: server)
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

    /// The host in a key, which is a host, or a URL as older versions of Docker wrote it.
    private static func host(_ key: String) -> String {
        var rest = Substring(key)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return rest.prefix { $0 != "/" }.lowercased()
    }

    /// The hosts under which a registry may be listed: with and without its port, Docker Hub also under its index.
    private static func names(of url: UpstreamURL) -> Set<String> {
        let host = url.host.lowercased()
        var names: Set<String> = [url.authority.lowercased(), "\(host):\(url.port)"]
        if url.port == (url.isSecure ? 443 : 80) { names.insert(host) }
        let hub = RegistryHost.dockerHub
        if host == hub.registry { names.formUnion([hub.index, hub.image]) }
        return names
    }
}
