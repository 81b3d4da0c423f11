import ArgumentParser

/// Permission bits in octal digits, as chmod takes them: `660`, `0666`.
struct SocketModeArgument: ExpressibleByArgument {
    let bits: UInt32

    init(bits: UInt32) {
        self.bits = bits
    }

    init?(argument: String) {
        guard let bits = UInt32(argument, radix: 8), bits <= 0o777, bits & 0o600 == 0o600 else { return nil }
        self.bits = bits
    }

    var defaultValueDescription: String { String(bits, radix: 8) }
}
