import ArgumentParser
import NDN
import NIOCore

/// `registry-ndn cert`: certificates and SafeBags as files.
struct CertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert", abstract: "Show, request, issue, install, export and import certificates.",
        discussion: """
            Certificates are exchanged as .ndncert files, keys as SafeBags; both are also what ndnsec reads and writes. FILE \
            may be - for stdin; results go to stdout without -o.
            """,
        subcommands: [
            CertShow.self, CertRequest.self, CertIssue.self, CertInstall.self, CertExport.self, CertImport.self,
        ])
}

/// Where a certificate or SafeBag is written.
struct OutputOption: ParsableArguments {
    @Option(name: .shortAndLong, help: "File to write, - for stdout.")
    var output = "-"

    func write(_ text: String) throws {
        var file = try OutputFile(path: output)
        try file.write(ByteBuffer(string: text))
        try file.commit()
    }
}

/// Certificates of files and of the keychain.
enum CertificateSource {
    /// A certificate file: base64, or the Data packet itself.
    static func certificate(file path: String) throws -> Certificate {
        let octets = try InputFile.read(path)
        do {
            return try Certificate(any: octets)
        } catch {
            throw error.at(path)
        }
    }

    /// A SafeBag file: base64, or the element itself.
    static func safeBag(file path: String) throws -> SafeBag {
        let octets = try InputFile.read(path)
        do {
            return try SafeBag(any: octets)
        } catch {
            throw error.at(path)
        }
    }

    /// The key that a person means: by its name, its identity's, or nothing for the default one.
    static func key(_ text: String?, in folder: KeychainFolder, _ options: KeychainOptions) throws -> SigningKey {
        let keychain = try folder.load()
        for problem in keychain.problems { Terminal.write("warning: left out: \(problem)\n") }
        let key: StoredKey?
        if let text {
            key = keychain.key(meantBy: try NameArgument.parse(text), now: WallClock.milliseconds())
        } else {
            key = keychain.defaultKey
        }
        guard let key else {
            throw SecurityError(
                .notFound,
                text.map { "\(folder.path) has no key for \($0): see `registry-ndn keygen list`" }
                    ?? "\(folder.path) has no default key: name one (see `registry-ndn keygen list`)")
        }
        return try options.unlock(key, in: keychain)
    }
}
