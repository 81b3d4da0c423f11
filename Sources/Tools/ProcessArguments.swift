#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the program was called with.
enum ProcessArguments {
    /// The arguments after the program's name.
    ///
    /// Swift's own `CommandLine.arguments` are looked for near `environ`, with the stack's bounds from /proc: they are empty
    /// when a preloaded library has changed the environment, which moves it, and when there is no /proc. glibc's dynamic
    /// linker keeps the address that the kernel gave the arguments at, for debuggers and garbage collectors.
    static func afterName() -> [String] {
        Array((atProcessEntry() ?? CommandLine.arguments).dropFirst())
    }

    private static func atProcessEntry() -> [String]? {
        // RTLD_DEFAULT is a null pointer. The kernel leaves the number of arguments there, then a pointer to each.
        guard let symbol = unsafe dlsym(nil, "__libc_stack_end"),
            let entry = unsafe symbol.load(as: UnsafePointer<Int>?.self)
        else { return nil }
        let count = unsafe entry.pointee
        guard count > 0 else { return nil }
        return unsafe entry.advanced(by: 1).withMemoryRebound(to: UnsafePointer<CChar>?.self, capacity: count) {
            arguments in
            (0..<count).compactMap { unsafe arguments[$0].map { unsafe String(cString: $0) } }
        }
    }
}
