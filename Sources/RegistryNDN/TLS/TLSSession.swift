internal import COpenSSL
internal import NIOCore

/// One TLS connection without a socket: bytes of the network in, bytes of the application out, and the other way round.
///
/// The only place that calls OpenSSL for a connection. Owned by one event loop.
@safe struct TLSSession: ~Copyable {
    enum Progress {
        /// All bytes of the network are used up; `read` and the handshake go on with the next ones.
        case wantsInput
        case done
        /// The peer's close_notify: nothing follows.
        case ended
        case failed(TLSError)
    }

    /// Bytes of the application in a full record, RFC 8446 section 5.1.
    static let recordSize = 16_384
    private static let outputSlice = 4 * recordSize

    private let ssl: OpaquePointer?
    /// The BIO for bytes from the network, and the one for bytes to it; both belong to `ssl`.
    private let input: OpaquePointer?
    private let output: OpaquePointer?
    private let context: TLSContext
    private let peer: TLSPeer?
    private let report = VerificationReport()
    private(set) var isEstablished = false
    private(set) var isEnded = false
    private var hasFailed = false

    /// - Parameter peer: the server to verify; nil for the side of the server.
    init(_ context: TLSContext, peer: TLSPeer?) throws(TLSError) {
        self.context = context
        self.peer = peer
        unsafe ssl = SSL_new(context.pointer)
        unsafe input = BIO_new(BIO_s_mem())
        unsafe output = BIO_new(BIO_s_mem())
        guard unsafe ssl != nil, unsafe input != nil, unsafe output != nil else {
            throw TLSError(.configuration, "OpenSSL has no memory for a connection")
        }
        unsafe copenssl_bio_set_retry(input)
        unsafe copenssl_bio_set_retry(output)
        unsafe SSL_set_bio(ssl, input, output)
        guard let peer else {
            unsafe SSL_set_accept_state(ssl)
            return
        }
        unsafe SSL_set_connect_state(ssl)
        _ = unsafe copenssl_set_app_data(ssl, Unmanaged.passUnretained(report).toOpaque())
        guard unsafe Self.expect(peer, ssl) else {
            throw TLSError(.configuration, "\(peer.host) is no name that a certificate can be checked for")
        }
        unsafe context.sessions.offer(to: ssl, for: peer)
    }

    deinit {
        // Frees both BIO.
        unsafe SSL_free(ssl)
    }

    /// Sets what the certificate must say, and the name that the server is told (none for an address, RFC 6066 section 3).
    private static func expect(_ peer: TLSPeer, _ ssl: OpaquePointer?) -> Bool {
        // Each of these returns 1 on success.
        if peer.isAddress { return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer.host) == 1 }
        unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return unsafe SSL_set1_host(ssl, peer.host) == 1 && copenssl_set_server_name(ssl, peer.host) == 1
    }

    // MARK: the network's side

    /// Takes bytes of the network.
    mutating func receive(_ octets: ByteBuffer) {
        unsafe octets.withUnsafeReadableBytes { octets in
            // Fails only without memory, of which nothing is left to tell then; the record is then found to be cut off.
            _ = unsafe BIO_write(input, octets.baseAddress, Int32(clamping: octets.count))
        }
    }

    /// What is to be sent, nil when nothing is.
    mutating func takeOutput() -> ByteBuffer? {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe copenssl_bio_data(output, &start)
        guard count > 0 else { return nil }
        let octets = unsafe ByteBuffer(bytes: UnsafeRawBufferPointer(start: start, count: count))
        _ = unsafe copenssl_bio_reset(output)
        return octets
    }

    // MARK: the application's side

    mutating func handshake() -> Progress {
        guard !hasFailed else { return .wantsInput }
        ERR_clear_error()
        // 1 when it is complete; else SSL_get_error tells.
        let result = unsafe SSL_do_handshake(ssl)
        guard result != 1 else {
            isEstablished = true
            return .done
        }
        guard unsafe SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ else { return .wantsInput }
        return fail()
    }

    /// Appends all that can be read.
    mutating func read(into buffer: inout ByteBuffer) -> Progress {
        guard !hasFailed, !isEnded else { return isEnded ? .ended : .wantsInput }
        while true {
            ERR_clear_error()
            var count = 0
            // 1 when bytes were read, never more than one record has.
            let result = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.recordSize) { space in
                unsafe SSL_read_ex(ssl, space.baseAddress, space.count, &count) == 1 ? count : 0
            }
            if result > 0 { continue }
            switch unsafe SSL_get_error(ssl, 0) {
            case SSL_ERROR_WANT_READ: return .wantsInput
            case SSL_ERROR_ZERO_RETURN:
                isEnded = true
                return .ended
            default: return fail()
            }
        }
    }

    /// Encrypts bytes; after each few records `send` gets what is to be sent.
    mutating func write(_ octets: ByteBuffer, send: (ByteBuffer) -> Void) -> Progress {
        var octets = octets
        while let slice = octets.readSlice(length: min(octets.readableBytes, Self.outputSlice)), slice.readableBytes > 0
        {
            ERR_clear_error()
            var count = 0
            // 1 when all of it is in the output, which takes any amount.
            let result = unsafe slice.withUnsafeReadableBytes { slice in
                unsafe SSL_write_ex(ssl, slice.baseAddress, slice.count, &count)
            }
            guard result == 1 else { return fail() }
            if let output = takeOutput() { send(output) }
        }
        return .done
    }

    /// Makes the alert close_notify, which is then to be sent.
    mutating func shutDown() {
        guard isEstablished, !hasFailed else { return }
        ERR_clear_error()
        // 0 when sent, 1 when the peer's has come as well; that of the peer is not waited for.
        _ = unsafe SSL_shutdown(ssl)
    }

    /// Keeps the session, which the next connection to the same server may resume. With TLS 1.3 it comes after the handshake.
    func keepSession() {
        guard let peer, isEstablished, !context.isServer else { return }
        unsafe context.sessions.keep(from: ssl, for: peer)
    }

    /// The protocol and cipher in use, and whether a session was resumed.
    var summary: (version: String, cipher: String, isResumed: Bool) {
        let version = unsafe String(cString: SSL_get_version(ssl))
        let cipher = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { unsafe String(cString: $0) } ?? ""
        return unsafe (version, cipher, SSL_session_reused(ssl) == 1)
    }

    private mutating func fail() -> Progress {
        hasFailed = true
        let failure = TLSFailure(
            peer: peer, isEstablished: isEstablished, cause: OpenSSLError.take(), report: report,
            offersCertificate: unsafe SSL_CTX_get0_certificate(context.pointer) != nil)
        return .failed(failure.error)
    }
}
