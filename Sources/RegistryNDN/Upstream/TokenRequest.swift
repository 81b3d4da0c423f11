internal import FoundationEssentials
internal import NDN
internal import NIOCore

/// What a registry's token service is asked: the Bearer challenge of the distribution specification's token authentication.
struct TokenRequest: Hashable {
    /// Where the service is.
    let origin: UpstreamURL
    /// Path and query, with the parameters of the challenge in the query.
    let uri: String
    let service: String
    let scope: String?

    /// The request that `challenge` demands. Nil for a challenge other than Bearer; throws `UpstreamError` when its service cannot
    /// be used.
    ///
    /// - Parameter access: what the refused request wanted to do, which gives the scope of a challenge that does not name any.
    init?(_ challenge: Challenge, for access: RegistryAccess) throws(UpstreamError) {
        guard challenge.scheme == "bearer" else { return nil }
        guard let realm = challenge.parameters["realm"] else {
            throw UpstreamError(.unauthorized, "the upstream wants a token and does not say from where")
        }
        let query = realm.firstIndex(of: "?") ?? realm.endIndex
        let base: UpstreamURL
        do {
            base = try UpstreamURL(String(realm[..<query]))
        } catch {
            throw UpstreamError(.unauthorized, "the upstream's token service has no usable address", underlying: error)
        }
        let given = realm[query...].dropFirst()
        guard given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
            throw UpstreamError(.unauthorized, "the upstream's token service has no usable address")
        }
        service = challenge.parameters["service"] ?? ""
        let named = challenge.parameters["scope"]?.split(separator: " ") ?? []
        scope = named.isEmpty ? access.scope : named.joined(separator: " ")
        var fields = given.isEmpty ? [] : [String(given)]
        if !service.isEmpty { fields.append("service=\(PercentEncoding.encode(service.utf8))") }
        // Several scopes are separated by spaces in the challenge, and are fields of their own here.
        for one in (scope ?? "").split(separator: " ") { fields.append("scope=\(PercentEncoding.encode(one.utf8))") }
        origin = base.origin
        uri = (base.path.isEmpty ? "/" : base.path) + (fields.isEmpty ? "" : "?" + fields.joined(separator: "&"))
    }
}

/// A token service's answer.
struct TokenAnswer {
    private struct Document: Decodable {
        var token: String?
        var access_token: String?
        var expires_in: Seconds?
    }

    /// A number; some services write it as a string.
    private struct Seconds: Decodable {
        let value: Double?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value = (try? container.decode(Double.self)) ?? (try? container.decode(String.self)).flatMap { Double($0) }
        }
    }

    /// The value of an Authorization field.
    let authorization: String
    /// How long the token is used: not as long as it is valid.
    let lifetime: TimeAmount

    /// Reads the JSON of an answer; nil when there is no token in it.
    init?(_ body: ByteBuffer) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(body.readableBytesView)),
            let token = [document.token, document.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty }),
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return nil }
        authorization = "Bearer \(token)"
        // "If omitted, this defaults to 60 seconds. For compatibility with older clients, a token should never be returned
        // with less than 60 seconds to live."
        let seconds = document.expires_in?.value.map { $0.isFinite ? min(max($0, 60), 86_400) : 60 } ?? 60
        lifetime = .milliseconds(Int64(seconds * 900))
    }
}
