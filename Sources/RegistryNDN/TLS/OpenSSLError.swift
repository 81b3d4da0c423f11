internal import COpenSSL

#if canImport(Glibc)
    internal import Glibc
#endif

/// The first error in OpenSSL's queue of a thread: it tells what went wrong, those after it only who noticed.
struct OpenSSLError: Hashable {
    /// OpenSSL's number: one of `SSL_R_…` when `isFromSSL`, else that of another of its libraries; 0 for none.
    let reason: Int32
    let isFromSSL: Bool
    /// OpenSSL's own words.
    let text: String

    /// Takes the error from the queue, and empties it.
    static func take() -> OpenSSLError {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return OpenSSLError(reason: 0, isFromSSL: false, text: "no reason given") }
        // Never NULL for a code of OpenSSL's own; errno codes have none.
        let reason = unsafe ERR_reason_error_string(code) ?? UnsafePointer(strerror(ERR_GET_REASON(code)))
        return OpenSSLError(
            reason: ERR_GET_REASON(code), isFromSSL: ERR_GET_LIB(code) == ERR_LIB_SSL,
            text: unsafe reason.map { unsafe String(cString: $0) } ?? "error \(code)")
    }
}
