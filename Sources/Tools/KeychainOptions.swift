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

    /// - Parameter otherwise: The folder when no option says one, such as an environment variable's.
    func folder(otherwise: String? = nil) throws -> KeychainFolder {
        if let path = keychain ?? otherwise { return KeychainFolder(path: path) }
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
    func keychainIfAny(otherwise: String? = nil, logger: Logger) throws -> Keychain? {
        let path = keychain ?? otherwise
        if let keychain {
            var status = stat()
            if unsafe stat(keychain, &status) != 0 {
                logger.warning("--keychain \(keychain): there is no such folder, so there are no keys")
            } else if status.st_mode & S_IFMT != S_IFDIR {
                throw ValidationError("--keychain \(keychain) is not a folder: name the folder that holds the keys")
            }
        }
        guard let folder = path.map(KeychainFolder.init) ?? Self.usualFolder else {
            logger.warning("going on without keys: there is no HOME to find a keychain in; --keychain FOLDER names one")
            return nil
        }
        let keychain: Keychain
        do {
            keychain = try folder.load()
        } catch {
            guard error.code == .foreign || path == nil && error.code == .system else { throw error }
            logger.warning("going on without keys: \(error)")
            return nil
        }
        for problem in keychain.problems { logger.error("left out of the keychain: \(problem)") }
        return keychain
    }

    /// The key for what is named `name`, ready to sign; nil when there is none.
    func signingKey(for name: Name, otherwise: String? = nil, logger: Logger) throws -> SigningKey? {
        guard let keychain = try keychainIfAny(otherwise: otherwise, logger: logger),
            let key = keychain.key(for: name, now: WallClock.milliseconds())
        else { return nil }
        return try unlock(key, in: keychain)
    }
}
