import ArgumentParser
import NDN

/// `registry-ndn keygen`: keys and which of them is the default.
struct KeygenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make, list and delete keys.",
        discussion: """
            `registry-ndn keygen /example/docker` makes an ECDSA P-256 key that signs names under /example/docker, with a \
            certificate signed by itself, and prints the names of both.
            """,
        subcommands: [Make.self, List.self, Delete.self, Default.self], defaultSubcommand: Make.self)
}

extension KeygenCommand {
    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and its certificate (what keygen NAME does).")

        @Argument(help: "Identity whose key it becomes, such as /example/docker.")
        var identity: String

        @OptionGroup var options: KeychainOptions

        @Flag(
            help: "Encrypt the key with a passphrase asked at the terminal; --passphrase-file does so with the file's.")
        var encrypt = false

        @Option(
            help: .number(
                "Days that the certificate is valid.", CertIssue.days, usually: Certificate.Terms.selfSignedDays),
            transform: WholeNumber.within(CertIssue.days))
        var days = Certificate.Terms.selfSignedDays

        func run() async throws {
            let identity = try NameArgument.parse(identity)
            guard !identity.isEmpty else { throw ValidationError("the empty name is nobody's identity") }
            guard identity.keyName == nil else {
                throw ValidationError("\(identity.uri) names a key, not an identity such as /example/docker")
            }
            let folder = try options.folder()
            let key = try PrivateKey.generateP256()
            let name = identity.newKeyName()
            let certificate = try Certificate.selfSigned(
                key, named: name, terms: .selfSigned(now: WallClock.milliseconds(), days: days))
            try folder.add(StoredKey(key, name: name, passphrase: passphrase(for: name)), certificate)
            print("key\t\(name.uri)\ncertificate\t\(certificate.name.uri)")
        }

        private func passphrase(for name: Name) throws -> Passphrase? {
            if let file = options.passphraseFile { return try PassphraseSource.read(file: file) }
            return encrypt ? try PassphraseSource.ask("New passphrase of \(name.uri): ", twice: true) : nil
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List keys with their certificates; a star marks what signs first.")

        @OptionGroup var options: KeychainOptions

        func run() async throws {
            let keychain = try options.folder().load()
            let now = WallClock.milliseconds()
            for key in keychain.keys.sorted(by: { $0.name < $1.name }) {
                let mark = keychain.defaultKey?.name == key.name ? "*" : " "
                print("\(mark) \(key.name.uri)\(key.isEncrypted ? "  encrypted" : "")")
                for (index, certificate) in keychain.certificates(of: key.name, now: now).enumerated() {
                    print("  \(index == 0 ? "*" : " ") \(certificate.name.uri)  \(certificate.validity.text(now: now))")
                }
            }
            let names = Set(keychain.keys.map(\.name))
            for certificate in keychain.certificates where !names.contains(certificate.keyName) {
                print("  - \(certificate.name.uri)  \(certificate.validity.text(now: now)), of another's key")
            }
            for problem in keychain.problems { Terminal.write("error: \(problem)\n") }
            guard keychain.problems.isEmpty else { throw ExitCode.failure }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a key with its certificates, or one certificate.")

        @Argument(help: "Name of the key or certificate, as `keygen list` prints it.")
        var name: String

        @OptionGroup var options: KeychainOptions

        @Flag(help: "Do not ask.")
        var yes = false

        func run() async throws {
            let name = try NameArgument.parse(name)
            let folder = try options.folder()
            let keychain = try folder.load()
            let key = keychain.key(named: name)
            guard key != nil || keychain.certificates.contains(where: { $0.name == name }) else {
                throw SecurityError(
                    .notFound, "\(folder.path) has no key or certificate \(name.uri): see `registry-ndn keygen list`")
            }
            if !yes {
                let what = key == nil ? "the certificate" : "for ever the key"
                guard try Terminal.confirm("Delete \(what) \(name.uri)? [y/N] ") else {
                    throw SecurityError(.notFound, "nothing was deleted")
                }
            }
            try folder.delete(name)
            print("deleted\t\(name.uri)")
        }
    }

    struct Default: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Choose the key, or the certificate of a key, that is preferred to others.")

        @Argument(help: "Name of a key, a certificate, or an identity with one key.")
        var name: String

        @OptionGroup var options: KeychainOptions

        func run() async throws {
            let name = try NameArgument.parse(name)
            let folder = try options.folder()
            let keychain = try folder.load()
            let certificate = keychain.certificates.first { $0.name == name }
            guard let key = keychain.key(meantBy: name, now: WallClock.milliseconds()),
                certificate != nil || !name.isCertificateName
            else {
                throw SecurityError(
                    .notFound, "\(folder.path) has no key \(name.uri): see `registry-ndn keygen list`")
            }
            try folder.setDefault(certificate?.name ?? key.name)
            print("default\t\((certificate?.name ?? key.name).uri)")
        }
    }
}

extension ValidityPeriod {
    /// For people: until when, or since when no longer.
    func text(now: UInt64) -> String {
        if contains(now) { return "valid until \(CalendarTime.format(notAfter))" }
        return Int64(now / 1000) < notBefore
            ? "NOT YET VALID, from \(CalendarTime.format(notBefore))" : "EXPIRED \(CalendarTime.format(notAfter))"
    }
}
