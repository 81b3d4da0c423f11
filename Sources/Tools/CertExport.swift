import ArgumentParser
import NDN

struct CertExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a key with its certificate as SafeBag, for another program or machine.")

    @Argument(help: "Name of the key, or of an identity with one key; without it the default key.")
    var key: String?

    @Option(help: "File whose first line encrypts the SafeBag; without it, the terminal is asked.")
    var bagPassphraseFile: String?

    @Flag(help: "Write the certificate alone, which holds nothing secret.")
    var certificateOnly = false

    @OptionGroup var options: KeychainOptions
    @OptionGroup var output: OutputOption

    func run() async throws {
        if certificateOnly { return try output.write(certificate().file) }
        let key = try CertificateSource.key(key, in: options.folder(), options)
        guard let certificate = key.chain.first else {
            throw SecurityError(.notFound, "the key \(key.name.uri) has no certificate, and a SafeBag needs one")
        }
        let passphrase =
            if let bagPassphraseFile {
                try PassphraseSource.read(file: bagPassphraseFile, option: "--bag-passphrase-file")
            } else {
                try PassphraseSource.ask("New passphrase of the SafeBag: ", twice: true)
            }
        try output.write(SafeBag(certificate, key.key, passphrase: passphrase).file)
    }

    /// The certificate that the key signs with; needs no passphrase.
    private func certificate() throws -> Certificate {
        let folder = try options.folder()
        let keychain = try folder.load()
        let now = WallClock.milliseconds()
        let name = try key.map { try NameArgument.parse($0) }
        if let name, let exact = keychain.certificates.first(where: { $0.name == name }) { return exact }
        let key = name.map { keychain.key(meantBy: $0, now: now) } ?? keychain.defaultKey
        guard let certificate = key.flatMap({ keychain.certificates(of: $0.name, now: now).first }) else {
            throw SecurityError(
                .notFound, "\(folder.path) has no such certificate: see `registry-ndn keygen list`")
        }
        return certificate
    }
}

struct CertImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Read a key with its certificate from a SafeBag into the keychain.")

    @Argument(help: "File of the SafeBag, - for stdin.")
    var bag: String

    @Option(help: "File whose first line opens the SafeBag; without it, the terminal is asked.")
    var bagPassphraseFile: String?

    @Flag(
        help: "Encrypt the key in the keychain with a passphrase asked at the terminal; --passphrase-file does so too.")
    var encrypt = false

    @OptionGroup var options: KeychainOptions

    func run() async throws {
        let bag = try CertificateSource.safeBag(file: bag)
        let opens =
            if let bagPassphraseFile {
                try PassphraseSource.read(file: bagPassphraseFile, option: "--bag-passphrase-file")
            } else {
                try PassphraseSource.ask("Passphrase of the SafeBag: ")
            }
        let key = try bag.key(passphrase: opens)
        let name = bag.certificate.keyName
        let passphrase: Passphrase? =
            if let file = options.passphraseFile {
                try PassphraseSource.read(file: file)
            } else if encrypt {
                try PassphraseSource.ask("New passphrase of \(name.uri): ", twice: true)
            } else {
                nil
            }
        try options.folder().add(StoredKey(key, name: name, passphrase: passphrase), bag.certificate)
        print("key\t\(name.uri)\ncertificate\t\(bag.certificate.name.uri)")
    }
}
