import ArgumentParser
import RegistryNDN

/// NDN names on the command line.
enum NameArgument {
    /// - Throws: `ValidationError` for what is no name, and for the empty one.
    static func parse(_ text: String, _ what: String = "NAME") throws -> Name {
        do {
            let name = try Name(uri: text)
            guard !name.isEmpty else { throw ValidationError("\(what) \(text): the empty name is nobody's") }
            return name
        } catch WireError.uri(let reason) {
            throw ValidationError("\(what) \(text) is not an NDN name, such as /example/docker: \(reason)")
        }
    }
}
