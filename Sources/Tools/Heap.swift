#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How the C library keeps memory.
enum Heap {
    /// Gives blocks of `octets` or more back to the system as soon as they are let go of.
    ///
    /// By itself glibc raises the size from which blocks are mapped one by one to that of the largest it has freed: slabs
    /// then lie between smaller blocks in the arenas of the threads, which seldom shrink. With a size that is given, its
    /// bound of what an arena keeps at its end must be given too, or each read buffer would be new memory (mallopt(3),
    /// M_MMAP_THRESHOLD and M_TRIM_THRESHOLD). Nor does every thread need an arena: what it frees is of no use to others.
    /// Other C libraries have neither such a call nor such arenas.
    static func mapBlocks(from octets: CInt) {
        typealias Mallopt = @convention(c) (_ parameter: CInt, _ value: CInt) -> CInt
        // Looked up by name, since Swift's module of glibc leaves malloc.h out. RTLD_DEFAULT is a null pointer.
        guard let symbol = unsafe dlsym(nil, "mallopt") else { return }
        let set = unsafe unsafeBitCast(symbol, to: Mallopt.self)
        let (trimThreshold, mmapThreshold, arenas): (CInt, CInt, CInt) = (-1, -3, -8)
        _ = set(mmapThreshold, octets)
        _ = set(trimThreshold, 4 << 20)
        _ = set(arenas, 2)
    }
}
