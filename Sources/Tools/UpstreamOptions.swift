import ArgumentParser
import Logging
import RegistryNDN

/// How the registry is connected to, for client and server.
struct UpstreamOptions: ParsableArguments {
    @Option(help: "PEM file of authorities to trust beside the system's, for https: the registry's and NDN-FCH's.")
    var caFile: String?

    @Option(help: "PEM file of our certificate, its intermediates after it, for a registry that demands one.")
    var cert: String?

    @Option(help: "PEM file of the key of --cert, without a passphrase.")
    var key: String?

    @Flag(
        help:
            "Accept any certificate, and send --credentials without TLS, too: whoever is on the way can read and alter everything."
    )
    var insecure = false

    @Flag(
        help: """
            Follow redirects and token services of a registry elsewhere to loopback and link-local addresses too: whoever \
            runs the registry then reads what only this machine reaches.
            """)
    var localRedirects = false

    @Option(
        help: """
            http://HOST:PORT of a proxy for all connections to registries and NDN-FCH; a user and a password stand before \
            HOST, a : between them and an @ after them. (default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the \
            environment)
            """)
    var proxy: String?

    /// Through which proxies https and http go.
    func proxies() throws -> ProxySettings {
        guard let proxy else { return .process() }
        do { return .init(explicit: try ProxyURL(proxy, from: "--proxy")) } catch {
            throw ValidationError(error.message)
        }
    }

    private var tls: TLSConfiguration {
        var tls = TLSConfiguration()
        tls.authorityFile = caFile
        tls.certificateFile = cert
        tls.keyFile = key
        tls.isInsecure = insecure
        return tls
    }

    /// Options whose files may be others while a program runs.
    static let renewable: Set = ["ca-file", "cert", "key"]

    /// What connections of a running program are to be made with from now on; nil where that needs a restart, since there was none
    /// of these files, or since a certificate comes or goes, by which whoever uses the connection is let in.
    func renewed(from started: UpstreamOptions) throws(TLSError) -> UpstreamTLS.Settings? {
        guard started.tls != TLSConfiguration(), (cert == nil) == (started.cert == nil) else { return nil }
        var tls = tls
        tls.isInsecure = started.insecure
        return try UpstreamTLS.Settings(tls)
    }

    /// Connections as the options describe them; wrong files are told, and end the program.
    func configuration(logger: Logger) throws -> UpstreamConfiguration {
        if insecure {
            logger.warning(
                "--insecure: certificates are NOT checked; whoever is on the way to the registry can read and alter everything"
            )
        }
        var configuration = UpstreamConfiguration()
        configuration.tellsInClear = insecure
        configuration.proxies = try proxies()
        configuration.followsToLocal = localRedirects
        if let notice = configuration.proxies.notice { logger.notice("\(notice)") }
        // The system's authorities alone are read with the first connection that needs them: half of the time until ready.
        guard tls != TLSConfiguration() else { return configuration }
        do {
            let settings = try UpstreamTLS.Settings(tls)
            if let key { SecretNotice.log(settings.notice, of: key, logger) }
            configuration.tls = UpstreamTLS(settings)
        } catch {
            logger.error("\(error)")
            throw ExitCode.failure
        }
        return configuration
    }
}

extension Reload {
    /// Authorities and our certificate for the registry: connections that exist stay as they are. Nil without files.
    init?(_ tls: UpstreamTLS) {
        let files = tls.settings.configuration
        let named = files.certificateFile.map { ("--cert", $0) } ?? files.authorityFile.map { ("--ca-file", $0) }
        guard let (option, file) = named else { return nil }
        self.init("the file of \(option)", file: file) { try tls.reload() }
    }
}
