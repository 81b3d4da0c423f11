import ArgumentParser
import Logging
import RegistryNDN

/// Where the keys are, and what opens them.
struct KeychainOptions: ParsableArguments {
    @Option(help: "Folder of keys and certificates (default $XDG_DATA_HOME/registry-ndn/keychain).")
    var keychain: String?

    @Option(help: "File whose first line opens encrypted keys; without it, the terminal is asked.")
    var passphraseFile: String?

    /// - Parameter otherwise: The folder when no option says one, such as an environment variable's.
    func folder(otherwise: String? = nil) throws -> KeychainFolder {
        if let path = keychain ?? otherwise { return KeychainFolder(path: path) }
        let environment = Environment.process()
        guard let path = KeychainFolder.defaultPath({ environment[$0] }) else {
            throw ValidationError("there is no HOME to find a keychain in: give --keychain FOLDER")
        }
        return KeychainFolder(path: path)
    }

    /// What opens a key: nothing for one that is not encrypted, else the file's first line or what the terminal says.
    func passphrase(for key: StoredKey) throws -> Passphrase? {
        guard key.isEncrypted else { return nil }
        if let passphraseFile { return try PassphraseSource.read(file: passphraseFile) }
        return try PassphraseSource.ask("Passphrase of \(key.name.uri): ")
    }

    /// A key ready to sign.
    func unlock(_ key: StoredKey, in keychain: Keychain) throws -> SigningKey {
        try keychain.unlock(key, passphrase: try passphrase(for: key), now: CommandClock.wallClock())
    }

    /// The key for what is named `name`, ready to sign; nil when there is none, and when the folder holds something else
    /// than our keychain, which is logged.
    func signingKey(for name: Name, otherwise: String? = nil, logger: Logger) throws -> SigningKey? {
        let keychain: Keychain
        do {
            keychain = try folder(otherwise: otherwise).load()
        } catch let error as SecurityError where error.code == .foreign {
            logger.warning("going on without keys: \(error)")
            return nil
        }
        for problem in keychain.problems { logger.error("left out of the keychain: \(problem)") }
        guard let key = keychain.key(for: name, now: CommandClock.wallClock()) else { return nil }
        return try unlock(key, in: keychain)
    }
}
