#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible {
    let call: StaticString
    package let number: Int32

    package init(call: StaticString) {
        self.call = call
        number = errno
    }

    package init(call: StaticString, number: Int32) {
        self.call = call
        self.number = number
    }

    /// The system's sentence for the error number.
    package var reason: String { unsafe String(cString: strerror(number)) }

    package var description: String { "\(call): \(reason)" }
}
