import ArgumentParser

#if canImport(Glibc)
    import Glibc
#endif

extension Terminal {
    /// Asks a question at the terminal; only an answer that begins with y is a yes.
    ///
    /// - Throws: `ValidationError` when there is nobody to ask.
    static func confirm(_ question: String) throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("there is no terminal to ask whether this is meant: give --yes")
        }
        write(question)
        return readLine()?.lowercased().hasPrefix("y") ?? false
    }
}
