internal import COpenSSL
internal import NDN

/// What all TLS connections of one kind share: trust, our own certificate, the rules of the protocol.
///
/// TLS 1.2 and 1.3 only, without renegotiation and compression; the application protocol is http/1.1.
package final class TLSContext: Sendable {
    /// The SSL_CTX, which several threads use at once: it counts its owners with atomics and is not changed after `init`
    /// (`ForeignPointer`, shared).
    private let owned: ForeignPointer
    let isServer: Bool
    let isInsecure: Bool
    /// A sentence that says that others can read the file of our key; nil when they cannot.
    package let notice: String?
    let sessions = TLSSessionStore()

    /// The context of clients that were not configured otherwise; the system's authorities are trusted.
    static let standard = Result<TLSContext, TLSError> { () throws(TLSError) in
        try TLSContext(client: TLSConfiguration())
    }

    /// For connections to servers.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package init(client configuration: TLSConfiguration) throws(TLSError) {
        isServer = false
        notice = try Self.check(key: configuration.keyFile, setting: .key)
        isInsecure = configuration.isInsecure
        owned = try unsafe Self.make(TLS_client_method())
        unsafe copenssl_ctx_set_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        // 0 on success, as ALPN alone has it. RFC 7301: each name with its length before it.
        let names: [UInt8] = [8] + Array("http/1.1".utf8)
        guard unsafe SSL_CTX_set_alpn_protos(pointer, names, UInt32(names.count)) == 0 else { throw Self.outOfMemory }
        try trust(configuration)
        switch (configuration.certificateFile, configuration.keyFile) {
        case (nil, nil): break
        case (let certificate?, let key?): try use(certificate: certificate, key: key, settings: (.certificate, .key))
        case (_?, nil): throw Self.missing(.key, for: .certificate, "the PEM file with the certificate's key")
        case (nil, _?): throw Self.missing(.certificate, for: .key, "the PEM file with the key's certificate")
        }
    }

    /// For connections from clients.
    ///
    /// - Throws: `TLSError` with the code `configuration`, which names the file that is wrong.
    package init(certificate: String, key: String) throws(TLSError) {
        isServer = true
        isInsecure = false
        notice = try Self.check(key: key, setting: .endpointKey)
        owned = try unsafe Self.make(TLS_server_method())
        unsafe copenssl_ctx_set_cache_mode(pointer, Int(SSL_SESS_CACHE_SERVER))
        let name = Array("registry-ndn".utf8)
        // 1 on success.
        guard unsafe SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count)) == 1 else {
            throw Self.outOfMemory
        }
        unsafe SSL_CTX_set_alpn_select_cb(pointer, selectProtocol, nil)
        try use(certificate: certificate, key: key, settings: (.endpointCertificate, .endpointKey))
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    var pointer: OpaquePointer { unsafe owned.pointer }

    private static let outOfMemory = TLSError(.configuration, "OpenSSL has no memory for a context")

    private static func make(_ method: OpaquePointer?) throws(TLSError) -> ForeignPointer {
        ERR_clear_error()
        guard let context = unsafe SSL_CTX_new(method) else {
            throw TLSError(.configuration, "OpenSSL does not start: \(OpenSSLError.take().text)")
        }
        guard unsafe copenssl_ctx_set_bounds(context) == 1 else {
            unsafe SSL_CTX_free(context)
            throw TLSError(.configuration, "this OpenSSL does not know TLS 1.2: \(OpenSSLError.take().text)")
        }
        // A key with a passphrase would be asked for at the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
        return unsafe ForeignPointer(context)
    }

    private func trust(_ configuration: TLSConfiguration) throws(TLSError) {
        if isInsecure {
            unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        } else {
            unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, noteVerification)
        }
        // 1 on success, also when the system has no authorities.
        guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
            throw TLSError(.configuration, "the system's certificates cannot be read: \(OpenSSLError.take().text)")
        }
        ERR_clear_error()
        guard let file = configuration.authorityFile else { return }
        try Self.checkKind(file, .authorities)
        // 1 on success; 0 when the file has no certificate.
        guard unsafe SSL_CTX_load_verify_locations(pointer, file, nil) == 1 else {
            throw Self.unusable(.authorities, file, "PEM certificates of authorities")
        }
    }

    private func use(
        certificate: String, key: String, settings: (certificate: RegistrySetting, key: RegistrySetting)
    ) throws(TLSError) {
        ERR_clear_error()
        try Self.checkKind(certificate, settings.certificate)
        try Self.checkKind(key, settings.key)
        // Each of these returns 1 on success.
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
            throw Self.unusable(settings.certificate, certificate, "a PEM certificate, its intermediates after it")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.unusable(settings.key, key, "the PEM key of \(certificate), without a passphrase")
        }
        guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            throw Self.unusable(settings.key, key, "the PEM key of \(certificate)")
        }
    }

    /// Judges the file of a key, which must be a secret; OpenSSL tells about a file that is not there.
    private static func check(key: String?, setting: RegistrySetting) throws(TLSError) -> String? {
        guard let key else { return nil }
        do {
            return try PrivateFile.checkSecret(key)
        } catch {
            guard error.code == .lax else { return nil }
            throw TLSError(.configuration, "\(setting): \(error)")
        }
    }

    /// OpenSSL would wait for somebody who writes to a pipe.
    private static func checkKind(_ file: String, _ setting: RegistrySetting) throws(TLSError) {
        do { try SmallFile.check(file) } catch { throw TLSError(.configuration, "\(setting) \(error)") }
    }

    private static func missing(_ setting: RegistrySetting, for other: RegistrySetting, _ what: String) -> TLSError {
        TLSError(.configuration, "\(other) needs \(setting): \(what)")
    }

    private static func unusable(_ setting: RegistrySetting, _ file: String, _ expected: String) -> TLSError {
        TLSError(
            .configuration, "\(setting) \(file): \(OpenSSLError.take().text); it must be readable and hold \(expected)")
    }
}

/// Takes http/1.1 from what a client offers; a client that offers only others goes on without ALPN, as if it knew none.
private func selectProtocol(
    _: OpaquePointer?, out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, outLength: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredLength: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let name = Array("http/1.1".utf8)
    let octets = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    var index = 0
    while index < octets.count {
        let start = index + 1
        let end = unsafe start + Int(octets[index])
        guard end <= octets.count else { break }
        if unsafe octets[start..<end].elementsEqual(name) {
            unsafe out?.pointee = offered.map { unsafe $0 + start }
            unsafe outLength?.pointee = UInt8(name.count)
            return SSL_TLSEXT_ERR_OK
        }
        index = end
    }
    return SSL_TLSEXT_ERR_NOACK
}
