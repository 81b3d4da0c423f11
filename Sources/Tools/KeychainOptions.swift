import ArgumentParser
import Logging
import NDN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the keys are, and what opens them.
struct KeychainOptions: ParsableArguments {
    @Option(help: "Folder of keys and certificates (default $XDG_DATA_HOME/registry-ndn/keychain).")
    var keychain: String?

    @Option(help: "File whose first line opens encrypted keys; without it, the terminal is asked.")
    var passphraseFile: String?

    func folder() throws -> KeychainFolder {
        if let keychain { return KeychainFolder(path: keychain) }
        guard let folder = Self.usualFolder else {
            throw ValidationError("there is no HOME to find a keychain in: give --keychain FOLDER")
        }
        return folder
    }

    private static var usualFolder: KeychainFolder? {
        let environment = Environment.process()
        return KeychainFolder.defaultPath({ environment[$0] }).map(KeychainFolder.init)
    }

    /// What opens a key: nothing for one that is not encrypted, else the file's first line or what the terminal says.
    func passphrase(for key: StoredKey) throws -> Passphrase? {
        guard key.isEncrypted else { return nil }
        if let passphraseFile { return try PassphraseSource.read(file: passphraseFile) }
        return try PassphraseSource.ask("Passphrase of \(key.name.uri): ")
    }

    /// A key ready to sign.
    func unlock(_ key: StoredKey, in keychain: Keychain) throws -> SigningKey {
        try keychain.unlock(key, passphrase: try passphrase(for: key), now: WallClock.milliseconds())
    }

    /// The keys, for a program that can go on without any: nil, which is logged, when the folder holds something else than our
    /// keychain, and when there is no place where keys would usually be, or none that we may look into.
    ///
    /// - Parameter variable: The environment variable that names the folder when no option does, and its value.
    func keychainIfAny(otherwise variable: (name: String, path: String)? = nil, logger: Logger) throws -> Keychain? {
        let named = keychain.map { (name: "--keychain", path: $0) } ?? variable
        if let named {
            var status = stat()
            if unsafe stat(named.path, &status) != 0 {
                logger.warning("\(named.name) \(named.path): there is no such folder, so there are no keys")
            } else if status.st_mode & S_IFMT != S_IFDIR {
                throw ValidationError(
                    "\(named.name) \(named.path) is not a folder: name the folder that holds the keys")
            }
        }
        guard let folder = named.map({ KeychainFolder(path: $0.path) }) ?? Self.usualFolder else {
            logger.warning("going on without keys: there is no HOME to find a keychain in; --keychain FOLDER names one")
            return nil
        }
        let keychain: Keychain
        do {
            keychain = try folder.load()
        } catch {
            guard error.code == .foreign || named == nil && error.code == .system else { throw error }
            logger.warning("going on without keys: \(error)")
            return nil
        }
        for problem in keychain.problems { logger.error("left out of the keychain: \(problem)") }
        return keychain
    }

    /// The key for what is named `name`, ready to sign; nil when there is none.
    func signingKey(
        for name: Name, otherwise variable: (name: String, path: String)? = nil, logger: Logger
    ) throws -> SigningKey? {
        guard let keychain = try keychainIfAny(otherwise: variable, logger: logger),
            let key = keychain.key(for: name, now: WallClock.milliseconds())
        else { return nil }
        return try unlock(key, in: keychain)
    }
}
