#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
    let call: StaticString
    let number: Int32

    init(call: StaticString) {
        self.call = call
        number = errno
    }

    init(call: StaticString, number: Int32) {
        self.call = call
        self.number = number
    }

    /// The system's sentence for the error number.
    var reason: String { unsafe String(cString: strerror(number)) }

    var description: String { "\(call): \(reason)" }
}
