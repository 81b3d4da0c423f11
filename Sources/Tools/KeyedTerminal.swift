import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The terminal while a program draws on all of it: without a cursor, and keys come one by one and unseen. It is as before once the
/// program lets go.
struct KeyedTerminal: ~Copyable {
    private let saved: termios?

    /// nil where stdout is no terminal.
    init?() {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var mode = termios()
        let isKnown = unsafe isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &mode) == 0
        saved = isKnown ? mode : nil
        if isKnown {
            mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
            _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        }
        // The other screen, and no cursor.
        Output.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    deinit {
        Output.write("\u{1B}[?25h\u{1B}[?1049l")
        if var saved { _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &saved) }
    }

    /// Columns and lines.
    static func size() -> (width: Int, height: Int)? {
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        return isKnown ? (Int(size.ws_col), Int(size.ws_row)) : nil
    }

    /// Draws lines over what is there.
    func draw(_ lines: [String]) {
        let height = Self.size()?.height ?? 24
        // To the first place; each line and then the rest is erased.
        let text = lines.prefix(height).map { "\($0)\u{1B}[K" }.joined(separator: "\n")
        Output.write("\u{1B}[H\(text)\u{1B}[J")
    }

    /// Returns when `q` was typed, or when nobody can type; throws when the task is cancelled.
    static func waitForQ() async throws {
        while true {
            try Task.checkCancellation()
            let key = try await NIOThreadPool.singleton.runIfActive { Self.key(within: 200) }
            if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") { return }
            // Closed.
            if key == 4 { try await Task.sleep(for: .seconds(86_400)) }
        }
    }

    /// The next key; nil when none comes in so many milliseconds, 4 (end of transmission) at the end.
    private static func key(within milliseconds: CInt) -> UInt8? {
        var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wanted, 1, milliseconds) > 0 else { return nil }
        var key: UInt8 = 0
        return unsafe read(STDIN_FILENO, &key, 1) == 1 ? key : 4
    }
}
