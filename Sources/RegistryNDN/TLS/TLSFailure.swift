internal import COpenSSL

/// Turns what OpenSSL says about a failed connection into a sentence that names the host, the check, and what to do.
struct TLSFailure {
    /// The server; nil on the side of the server.
    let peer: TLSPeer?
    let isEstablished: Bool
    let cause: OpenSSLError
    let report: VerificationReport
    /// Whether we have a certificate of our own.
    let offersCertificate: Bool

    private var host: String { peer.map { "\($0)" } ?? "the client" }

    var error: TLSError {
        if report.code != 0, !isEstablished { return TLSError(.verification, verification) }
        let sentence = cause.isFromSSL ? known(cause.reason) : nil
        return TLSError(
            isEstablished ? .broken : .handshake,
            sentence ?? "TLS \(isEstablished ? "connection" : "handshake") with \(host) failed: \(cause.text)")
    }

    // MARK: certificates

    private var verification: String {
        switch report.code {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return
                "\(certificate) expired on \(report.notAfter): it must be renewed there (or this machine's clock is wrong)"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return
                "\(certificate) is valid from \(report.notBefore) on, not yet: check this machine's clock, else the certificate must be replaced there"
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return
                "the certificate of \(host) is for \(report.names.isEmpty ? "no name at all (\(report.subject))" : report.names), not for \(peer?.host ?? ""): use one of these names, or have a certificate issued for this one"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return
                "\(certificate) is self-signed (\(report.subject)): if it is the right one, name its PEM file with \(RegistrySetting.authorities)"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return
                "the certificate of \(host) comes from an authority that is not trusted here (\(report.subject)): if it should be, name its PEM file with \(RegistrySetting.authorities)"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            return
                "the issuer of the certificate of \(host) is not known here and was not sent (\(report.issuer)): if that is an intermediate authority, the server must send its certificate too; if it is the authority itself, name its PEM file with \(RegistrySetting.authorities)"
        case X509_V_ERR_CERT_REVOKED:
            return "\(certificate) was revoked: it must be replaced there"
        case X509_V_ERR_INVALID_PURPOSE:
            return "\(certificate) is not one for servers (\(report.subject)): it must be replaced there"
        default:
            let text = unsafe String(cString: X509_verify_cert_error_string(Int(report.code)))
            return "\(certificate) is not accepted: \(text) (\(report.subject))"
        }
    }

    private var certificate: String {
        report.depth == 0
            ? "the certificate of \(host)"
            : "a certificate above that of \(host) (\(report.subject))"
    }

    // MARK: protocol

    private func known(_ reason: Int32) -> String? {
        switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW,
            SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_NO_PROTOCOLS_AVAILABLE:
            return "\(host) speaks no TLS that is safe today: it must offer TLS 1.2 or 1.3"
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_UNKNOWN_PROTOCOL,
            SSL_R_BAD_RECORD_TYPE:
            guard !isEstablished else { return nil }
            return "\(host) does not speak TLS: is it the right port, or an http:// registry?"
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return
                "\(host) demands a client certificate: give one with \(RegistrySetting.certificate) and \(RegistrySetting.key)"
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_NO_SHARED_CIPHER:
            return
                "\(host) refuses the handshake: "
                + (offersCertificate
                    ? "it does not accept our certificate, or has no cipher in common with this machine's OpenSSL"
                    : "it may demand a client certificate (\(RegistrySetting.certificate) and \(RegistrySetting.key)), or has no cipher in common with this machine's OpenSSL")
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
            SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            return peer == nil
                ? "the client does not trust our certificate (\(cause.text)): it must know the authority of \(RegistrySetting.endpointCertificate)"
                : "\(host) does not accept our certificate (\(cause.text)): check \(RegistrySetting.certificate)"
        case SSL_R_TLSV1_UNRECOGNIZED_NAME:
            return "\(host) serves no such name: check the host of the URL"
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return "\(host) closed the connection in the middle"
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_DATA_LENGTH_TOO_LONG, SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
            return "what came from \(host) is damaged (\(cause.text)): something between alters it"
        case SSL_R_NO_RENEGOTIATION:
            return "\(host) wants to negotiate anew on an open connection, which is not done"
        default: return nil
        }
    }
}
