#if canImport(Glibc)
    internal import Glibc
#endif

/// The folder of a keychain: a file a key and a certificate.
///
///     registry-ndn-keychain        marks the folder as ours; changes are made while it is locked
///     <hash of the name>.pem       a private key: PKCS#8, encrypted or not, its name in the first line
///     <hash of the name>.ndncert   a certificate: base64 of the Data packet
///     defaults                     names of keys or certificates, the latest choice first
///
/// The folder has mode 0700, files 0600; laxer ones are refused. Files appear whole or not at all.
public struct KeychainFolder: Sendable {
    /// What is at the path.
    public enum State: Equatable, Sendable {
        /// There is no such folder, or an empty one: `add` makes it a keychain.
        case absent
        /// It is a keychain of this library's.
        case ours
        /// It holds something else, such as an NDNts or ndn-cxx keychain; nothing is ever written into it.
        case foreign
    }

    /// The folder's path.
    public let path: String

    private static let marker = "registry-ndn-keychain"
    private static let markerText = "A keychain of registry-ndn, version 1. See `registry-ndn keygen list`.\n"
    private static let defaultsFile = "defaults"
    private static let keySuffix = ".pem"
    private static let certificateSuffix = ".ndncert"

    /// The keychain in a folder; nothing is read or written yet.
    public init(path: String) {
        self.path = path
    }

    /// `$XDG_DATA_HOME/registry-ndn/keychain`, or the same under `~/.local/share`; nil without a home.
    ///
    /// - Parameter environment: Looks a variable up.
    public static func defaultPath(_ environment: (String) -> String?) -> String? {
        // "All paths set in these environment variables must be absolute": others are to be ignored (XDG base directories).
        if let data = environment("XDG_DATA_HOME"), data.hasPrefix("/") { return data + "/registry-ndn/keychain" }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return home + "/.local/share/registry-ndn/keychain"
    }

    /// Looks at what is at the path.
    ///
    /// - Throws: `SecurityError.system` when the system refuses.
    public func state() throws(SecurityError) -> State {
        guard try PrivateFile.folderExists(path) else { return .absent }
        let names = try PrivateFile.names(in: path)
        if names.contains(Self.marker) { return .ours }
        return names.isEmpty ? .absent : .foreign
    }

    /// All that the folder holds; an absent folder is an empty keychain. A file that cannot be read becomes a problem of the
    /// keychain, so that one damaged file does not hide the rest.
    ///
    /// - Throws: `SecurityError.foreign`, `.lax` for a folder that others may read, `.system`.
    public func load() throws(SecurityError) -> Keychain {
        switch try state() {
        case .absent: return Keychain()
        case .foreign: throw foreign
        case .ours: break
        }
        try PrivateFile.checkFolder(path)
        var keychain = Keychain()
        for name in try PrivateFile.names(in: path).sorted() {
            do throws(SecurityError) {
                let place = path + "/" + name
                if name.hasSuffix(Self.keySuffix) {
                    keychain.keys.append(try Self.in(place) { text throws(SecurityError) in try StoredKey(file: text) })
                } else if name.hasSuffix(Self.certificateSuffix) {
                    keychain.certificates.append(
                        try Self.in(place) { text throws(SecurityError) in try Certificate(file: text) })
                }
            } catch {
                // Deleted by another process since the folder was listed.
                if error.code != .notFound { keychain.problems.append(error) }
            }
        }
        keychain.defaults = try defaults()
        return keychain
    }

    private static func `in`<T>(
        _ path: String, _ read: (String) throws(SecurityError) -> T
    ) throws(SecurityError) -> T {
        let text = try PrivateFile.read(path)
        do {
            return try read(text)
        } catch {
            throw error.at(path)
        }
    }

    private func defaults() throws(SecurityError) -> [Name] {
        let text: String
        do {
            text = try PrivateFile.read(path + "/" + Self.defaultsFile)
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
        return text.split(whereSeparator: \.isNewline).compactMap { try? Name(uri: String($0)) }
    }

    private var foreign: SecurityError {
        SecurityError(
            .foreign,
            "\(path) is not a keychain of registry-ndn and nothing is written there: give another folder with \(Setting.keychain), and "
                + "bring keys in with `registry-ndn cert import`")
    }

    // MARK: changes

    /// Adds a key with its first certificate.
    ///
    /// - Throws: `SecurityError.exists` when there is a key of this name.
    public func add(_ key: StoredKey, _ certificate: Certificate) throws(SecurityError) {
        try changing { () throws(SecurityError) in
            guard !PrivateFile.exists(place(key.name, Self.keySuffix)) else {
                throw SecurityError(.exists, "\(path) already has a key \(key.name.uri)")
            }
            // The certificate first: a key without one would sign with a locator that nobody can follow.
            try PrivateFile.write(certificate.file, to: place(certificate.name, Self.certificateSuffix))
            try PrivateFile.write(key.file, to: place(key.name, Self.keySuffix))
        }
    }

    /// Adds a certificate, or keeps it when it is there already.
    public func add(_ certificate: Certificate) throws(SecurityError) {
        try changing { () throws(SecurityError) in
            try PrivateFile.write(certificate.file, to: place(certificate.name, Self.certificateSuffix))
        }
    }

    /// Makes a key or a certificate the default, before all that were chosen earlier.
    public func setDefault(_ name: Name) throws(SecurityError) {
        try changing { () throws(SecurityError) in
            try write(defaults: [name] + defaults().filter { $0 != name })
        }
    }

    /// Deletes a key with all its certificates, or one certificate.
    ///
    /// - Throws: `SecurityError.notFound` when there is nothing of this name.
    public func delete(_ name: Name) throws(SecurityError) {
        try changing { () throws(SecurityError) in
            var places: [String] = []
            if name.isKeyName {
                places.append(place(name, Self.keySuffix))
                for certificate in try load().certificates where certificate.keyName == name {
                    places.append(place(certificate.name, Self.certificateSuffix))
                }
            } else {
                places.append(place(name, Self.certificateSuffix))
            }
            guard places.contains(where: PrivateFile.exists) else {
                throw SecurityError(.notFound, "\(path) has no key or certificate \(name.uri)")
            }
            for place in places { try PrivateFile.delete(place) }
            try write(defaults: defaults().filter { $0 != name && !(name.isKeyName && $0.keyName == name) })
        }
    }

    private func write(defaults names: [Name]) throws(SecurityError) {
        try PrivateFile.write(
            "The latest choice first:\n" + names.map { $0.uri + "\n" }.joined(), to: path + "/" + Self.defaultsFile)
    }

    private func place(_ name: Name, _ suffix: String) -> String {
        path + "/" + SHA256.hash(name.value).hex + suffix
    }

    /// Makes the folder ours if it is not yet, and holds its lock while `body` runs.
    private func changing(_ body: () throws(SecurityError) -> Void) throws(SecurityError) {
        switch try state() {
        case .foreign: throw foreign
        case .absent: try PrivateFile.makeFolder(path)
        case .ours: break
        }
        try PrivateFile.checkFolder(path)
        let lock = try PrivateFile.lock(path + "/" + Self.marker, text: Self.markerText)
        try body()
        _ = consume lock
    }
}
