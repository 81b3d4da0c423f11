internal import NIOHTTP1

/// One challenge of a WWW-Authenticate field: how a registry wants a request to be authorized (RFC 9110 section 11.6.1).
struct Challenge: Equatable {
    /// The authentication scheme in lower case: `basic`, `bearer`.
    let scheme: String
    /// The values of the parameters, by their names in lower case.
    var parameters: [String: String] = [:]

    /// The challenges of all fields of an answer, in their order; what breaks the grammar ends its field.
    static func all(in headers: HTTPHeaders) -> [Challenge] {
        headers["www-authenticate"].flatMap { parse($0) }
    }

    private static func parse(_ field: String) -> [Challenge] {
        var rest = Substring(field)
        var challenges: [Challenge] = []
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            guard let word = token(&rest) else { return challenges }
            let afterSpace = rest.drop { $0 == " " || $0 == "\t" }
            if afterSpace.first == "=", !challenges.isEmpty, let value = value(afterSpace.dropFirst(), &rest) {
                challenges[challenges.count - 1].parameters[word.lowercased()] = value
            } else if afterSpace.first != "=" {
                challenges.append(Challenge(scheme: word.lowercased()))
            } else {
                return challenges
            }
        }
    }

    private static func token(_ rest: inout Substring) -> String? {
        let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~".contains($0)) }
        guard !word.isEmpty else { return nil }
        rest = rest[word.endIndex...]
        return String(word)
    }

    /// A token or a quoted string (RFC 9110 section 5.6.4).
    private static func value(_ text: Substring, _ rest: inout Substring) -> String? {
        var text = text.drop { $0 == " " || $0 == "\t" }
        guard text.first == "\"" else {
            defer { rest = text }
            return token(&text)
        }
        text = text.dropFirst()
        var value = ""
        while let character = text.popFirst() {
            switch character {
            case "\"":
                rest = text
                return value
            case "\\":
                guard let escaped = text.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(character)
            }
        }
        return nil
    }
}
