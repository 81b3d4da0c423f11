internal import NDN

/// An error in the form that the OCI distribution specification gives to error responses.
///
/// `{"errors":[{"code":"BLOB_UNKNOWN","message":"…","detail":"…"}]}`, OCI distribution specification 1.1, "Error codes".
package struct OCIError: Error, Hashable, Sendable {
    /// The codes of the specification that this program sends, and those that registries use beside them for failures of their
    /// own.
    package enum Code: String, Hashable, Sendable {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case digestInvalid = "DIGEST_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case unauthorized = "UNAUTHORIZED"
        case denied = "DENIED"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        /// The range asked for does not exist (docker/distribution's registry).
        case rangeInvalid = "RANGE_INVALID"
        /// The service cannot answer now (docker/distribution's registry).
        case unavailable = "UNAVAILABLE"
        /// Anything else (docker/distribution's registry).
        case unknown = "UNKNOWN"
    }

    /// The Content-Type of the body.
    package static let contentType = "application/json"

    package let code: Code
    /// What went wrong and what to do, for people.
    package let message: String
    /// What the error is about, such as a digest; empty for none.
    package let detail: String

    package init(_ code: Code, message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }

    /// The body of the response, JSON.
    package var body: String {
        var json = "{\"errors\":[{\"code\":\"\(code.rawValue)\",\"message\":"
        Self.append(message, to: &json)
        if !detail.isEmpty {
            json += ",\"detail\":"
            Self.append(detail, to: &json)
        }
        return json + "}]}\n"
    }

    /// Appends `text` as a JSON string (RFC 8259 section 7).
    private static func append(_ text: String, to json: inout String) {
        json += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                json += "\\"
                json.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20:
                json += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}
