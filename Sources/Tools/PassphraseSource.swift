import ArgumentParser
import NDN

#if canImport(Glibc)
    import Glibc
#endif

/// Where passphrases come from: a file or the terminal, never an argument, which every user of the machine could read.
enum PassphraseSource {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The first line of a file, without the byte order mark that some editors begin UTF-8 with.
    ///
    /// - Parameter option: The option that named the file.
    static func read(file path: String, option: String = "--passphrase-file") throws -> Passphrase {
        let place = "\(option) \(path)"
        guard let handle = unsafe fopen(path, "re") else { throw failure(place) }
        defer { unsafe fclose(handle) }
        var octets = unsafe line(handle)
        guard unsafe ferror(handle) == 0 else { throw failure(place) }
        if octets.starts(with: [0xEF, 0xBB, 0xBF]) { octets.removeFirst(3) }
        guard !octets.starts(with: [0xFF, 0xFE]), !octets.starts(with: [0xFE, 0xFF]) else {
            throw Failure(description: "\(place): the file is UTF-16: save it as UTF-8")
        }
        do {
            return try Passphrase(octets)
        } catch {
            throw error.at("the first line of \(place)")
        }
    }

    /// Asks at the terminal, which shows nothing of the answer.
    ///
    /// - Parameter twice: For a new passphrase, to find typing errors.
    static func ask(_ prompt: String, twice: Bool = false) throws -> Passphrase {
        guard let terminal = unsafe fopen("/dev/tty", "r+e") else {
            throw Failure(
                description: "a passphrase is needed and there is no terminal to ask: give --passphrase-file FILE")
        }
        defer { unsafe fclose(terminal) }
        let first = unsafe try ask(prompt, at: terminal)
        if twice, unsafe try ask("The same again: ", at: terminal) != first {
            throw Failure(description: "the two passphrases differ; nothing was done")
        }
        return try Passphrase(first)
    }

    private static func ask(_ prompt: String, at terminal: UnsafeMutablePointer<FILE>) throws -> [UInt8] {
        let descriptor = unsafe fileno(terminal)
        var shown = termios()
        guard unsafe tcgetattr(descriptor, &shown) == 0 else { throw failure("/dev/tty") }
        var hidden = shown
        // Without ISIG, an interrupt comes as a character, here one that ends the line: no echo is never left behind.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        hidden.c_cc.11 = 3  // VEOL
        unsafe fputs(prompt, terminal)
        unsafe fflush(terminal)
        guard unsafe tcsetattr(descriptor, TCSAFLUSH, &hidden) == 0 else { throw failure("/dev/tty") }
        let answer = unsafe line(terminal)
        _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &shown)
        unsafe fputs("\n", terminal)
        guard !answer.contains(3) else { throw Failure(description: "interrupted; nothing was done") }
        return answer
    }

    private static func line(_ handle: UnsafeMutablePointer<FILE>) -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count <= 1024 {
            let character = unsafe getc(handle)
            if character == EOF || character == 10 || character == 3 {
                if character == 3 { octets.append(3) }
                break
            }
            octets.append(UInt8(truncatingIfNeeded: character))
        }
        if octets.last == 13 { octets.removeLast() }
        return octets
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "\(what): \(unsafe String(cString: strerror(errno)))")
    }
}
