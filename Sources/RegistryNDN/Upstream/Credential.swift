internal import FoundationEssentials
internal import NDN

/// What a registry, or its token service, believes. Its description tells no secret.
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

    /// The value of an Authorization field (RFC 7617); nil for what is no password.
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

    /// What a credential helper of docker's answers to `get`; nil for what is no such answer.
    package init?(helperAnswer text: String) {
        guard let answer = try? JSONDecoder().decode(HelperAnswer.self, from: Data(text.utf8)), !answer.Secret.isEmpty
        else { return nil }
        // The name that stands for "no name: the secret is a token".
        if answer.Username == "<token>" {
            self = .identityToken(answer.Secret)
        } else {
            guard !answer.Username.isEmpty else { return nil }
            self = .password(user: answer.Username, password: answer.Secret)
        }
    }
}
