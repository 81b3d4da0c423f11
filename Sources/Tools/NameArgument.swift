import ArgumentParser
import NDN

/// Names on the command line.
enum NameArgument {
    static func parse(_ text: String) throws -> Name {
        do {
            return try Name(uri: text)
        } catch {
            throw ValidationError("\"\(text)\" is not an NDN name, such as /example/docker: \(error)")
        }
    }
}
