/// A pointer to memory that Swift does not manage, in a type that may go from one thread to another.
///
/// The compiler cannot know what several threads may do with such memory, and therefore lets no pointer pass. The type that
/// holds a `ForeignPointer` answers for it: it keeps the memory alive for as long as it lives itself, frees it once, in its
/// `deinit`, and follows one of these rules, which its own documentation names:
///
/// - *Moved*: the holder is `~Copyable`, so that one thread at a time can reach the memory. Example: `SHA256`.
/// - *Shared*: nothing is written there after `init`, or the C library does so with locks and atomics of its own and
///   documents that. Several threads may then use the memory at once. Example: `KeyHandle`.
/// - *Parted*: each octet has one writer, and a reader looks at it only after a message of the writer (a task on an event loop,
///   an element of a stream) has said that it is written; the message orders the write before the read. Example: the slots of
///   a slab of packets. Beside the buffer that owns the memory, the holder keeps `ForeignPointer(OpaquePointer(memory))`, and
///   writes through `UnsafeMutableRawPointer(foreign.pointer)`.
///
/// This is the only type here that is `@unchecked Sendable`; `scripts/check` sees to that.
@safe package struct ForeignPointer: @unchecked Sendable {
    package let pointer: OpaquePointer

    package init(_ pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }
}
