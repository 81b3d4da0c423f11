internal import FoundationEssentials
internal import NDN

/// A secret that a registry, or its token service, accepts. Its description tells nothing of it.
package enum Credential: Hashable, Sendable, CustomStringConvertible {
    case password(user: String, password: String)
    /// A refresh token, as `docker login` keeps it for some registries.
    case identityToken(String)

    package var description: String {
        switch self {
        case .password(let user, _): "user \(user)"
        case .identityToken: "an identity token"
        }
    }

    /// The value of an Authorization field (RFC 7617); nil for a token.
    var basic: String? {
        guard case .password(let user, let password) = self else { return nil }
        return Self.basic("\(user):\(password)".utf8)
    }

    /// The credentials of the Basic scheme for `user:password` (RFC 7617 section 2).
    static func basic(_ userAndPassword: some Sequence<UInt8>) -> String {
        "Basic " + Base64.encode(userAndPassword).filter { $0 != "\n" }
    }
}

extension Credential {
    private struct HelperAnswer: Decodable {
        var Username: String
        var Secret: String
    }

    /// The credential in the answer of one of Docker's credential helpers to `get`; nil for any other text.
    package init?(helperAnswer text: String) {
        guard let answer = try? JSONDecoder().decode(HelperAnswer.self, from: Data(text.utf8)), !answer.Secret.isEmpty
        else { return nil }
        // Docker writes this name where the secret is a token.
        if answer.Username == "<token>" {
            self = .identityToken(answer.Secret)
        } else {
            guard !answer.Username.isEmpty else { return nil }
            self = .password(user: answer.Username, password: answer.Secret)
        }
    }
}
