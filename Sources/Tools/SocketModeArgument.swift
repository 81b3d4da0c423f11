import ArgumentParser

/// Permission bits in octal digits, as chmod takes them: `660`, `0666`.
struct SocketModeArgument {
    let bits: UInt32

    init(bits: UInt32) {
        self.bits = bits
    }

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> SocketModeArgument {
        guard let bits = UInt32(text, radix: 8), bits <= 0o777, bits & 0o600 == 0o600 else {
            throw ValidationError(
                "\"\(text)\" is no mode of a socket: write octal digits as for chmod, with 6 for the owner, such as 660 or 666"
            )
        }
        return SocketModeArgument(bits: bits)
    }
}
