internal import COpenSSL

/// What OpenSSL found wrong with a certificate, with the particulars that a sentence about it needs.
///
/// Its address is with the SSL while a handshake goes on; confined to the connection's thread.
final class VerificationReport {
    /// The first X509_V_ERR_… that occurred.
    var code: Int32 = 0
    /// How many certificates above the server's own the faulty one is.
    var depth: Int32 = 0
    var subject = ""
    var issuer = ""
    /// The names that the certificate is for.
    var names = ""
    var notBefore = ""
    var notAfter = ""

    fileprivate func fill(from store: OpaquePointer?) {
        code = unsafe X509_STORE_CTX_get_error(store)
        depth = unsafe X509_STORE_CTX_get_error_depth(store)
        guard let certificate = unsafe X509_STORE_CTX_get_current_cert(store) else { return }
        subject = unsafe Self.text { _ = unsafe copenssl_print_name($0, X509_get_subject_name(certificate)) }
        issuer = unsafe Self.text { _ = unsafe copenssl_print_name($0, X509_get_issuer_name(certificate)) }
        notBefore = unsafe Self.text { _ = unsafe ASN1_TIME_print($0, X509_get0_notBefore(certificate)) }
        notAfter = unsafe Self.text { _ = unsafe ASN1_TIME_print($0, X509_get0_notAfter(certificate)) }
        names = unsafe Self.text { bio in
            // -1 when there is none.
            let index = unsafe X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
            if index >= 0 { _ = unsafe X509V3_EXT_print(bio, X509_get_ext(certificate, index), 0, 0) }
        }
    }

    /// The text that `write` prints.
    private static func text(_ write: (OpaquePointer?) -> Void) -> String {
        let bio = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free_all(bio) }
        unsafe write(bio)
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe copenssl_bio_data(bio, &start)
        let octets = unsafe UnsafeRawBufferPointer(start: start, count: max(0, count))
        // A certificate is the peer's: no line breaks and no terminal's commands in a log.
        let text = unsafe String(decoding: octets.prefix(1000), as: UTF8.self)
        return String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
    }
}

/// Called by OpenSSL for each certificate of a chain; the answer is OpenSSL's own, noted when it is no.
func noteVerification(isValid: Int32, store: OpaquePointer?) -> Int32 {
    guard isValid == 0,
        let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let address = unsafe copenssl_app_data(OpaquePointer(ssl))
    else { return isValid }
    let report = unsafe Unmanaged<VerificationReport>.fromOpaque(address).takeUnretainedValue()
    if report.code == 0 { unsafe report.fill(from: store) }
    return isValid
}
