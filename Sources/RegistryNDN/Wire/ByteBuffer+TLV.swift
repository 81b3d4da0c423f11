internal import CNDNFast
public import NIOCore

extension cndn_result {
    func check() throws(WireError) {
        switch self {
        case CNDN_OK: return
        case CNDN_INCOMPLETE: throw .incomplete
        case CNDN_NOSPACE: throw .noSpace
        default: throw .invalid
        }
    }
}

extension ByteBuffer {
    /// Appends TLV-TYPE and TLV-LENGTH.
    public mutating func writeTLVHeader(type: UInt32, length: Int) {
        unsafe write(capacity: 2 * Int(CNDN_MAX_VARNUM)) { unsafe cndn_write_header(&$0, type, UInt64(length)) }
    }

    /// Appends an element around `value`.
    public mutating func writeTLV(type: UInt32, _ value: ByteBuffer) {
        writeTLVHeader(type: type, length: value.readableBytes)
        writeImmutableBuffer(value)
    }

    /// Appends an element around `value`.
    public mutating func writeTLV(type: UInt32, bytes value: some Collection<UInt8>) {
        writeTLVHeader(type: type, length: value.count)
        writeBytes(value)
    }

    /// Appends an element holding a NonNegativeInteger in its shortest form.
    public mutating func writeTLV(type: UInt32, number: UInt64) {
        unsafe write(capacity: 3 * Int(CNDN_MAX_VARNUM)) { unsafe cndn_write_nni(&$0, type, number) }
    }

    /// Appends an element around what `body` writes.
    public mutating func writeTLV<E: Error>(type: UInt32, _ body: (inout ByteBuffer) throws(E) -> Void) throws(E) {
        var value = ByteBuffer()
        try body(&value)
        writeTLV(type: type, value)
    }

    /// Appends a NonNegativeInteger in its shortest form, without TYPE and LENGTH.
    mutating func writeNonNegativeInteger(_ number: UInt64) {
        switch cndn_nni_size(number) {
        case 1: writeInteger(UInt8(truncatingIfNeeded: number))
        case 2: writeInteger(UInt16(truncatingIfNeeded: number))
        case 4: writeInteger(UInt32(truncatingIfNeeded: number))
        default: writeInteger(number)
        }
    }

    /// The readable octets as NonNegativeInteger.
    func nonNegativeInteger() throws(WireError) -> UInt64 {
        var number: UInt64 = 0
        let result = unsafe withOctets { unsafe cndn_nni($0, $1, &number) }
        try result.check()
        return number
    }

    /// Lets a C writer write into `capacity` octets at the end and keeps what it wrote; nothing if it does not fit.
    mutating func write(capacity: Int, _ body: (inout cndn_writer) -> Void) {
        unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
            var writer = unsafe cndn_writer_make(memory.baseAddress, capacity)
            unsafe body(&writer)
            return unsafe writer.result == CNDN_OK ? Int(writer.pos) : 0
        }
    }

    /// The readable octets as C takes them; the pointer is valid inside `body` only.
    func withOctets<R>(_ body: (UnsafePointer<UInt8>?, Int) -> R) -> R {
        unsafe withUnsafeReadableBytes { unsafe body($0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) }
    }

    /// A C reader over the readable octets, valid inside `body` only.
    func withReader<R>(_ body: (inout cndn_reader) -> R) -> R {
        unsafe withUnsafeReadableBytes { octets in
            var reader = unsafe cndn_reader_make(octets.baseAddress, octets.count)
            return unsafe body(&reader)
        }
    }

    /// Octets that were found inside the readable ones, counted from their start; shares the storage.
    func slice(offset: Int, length: Int) -> ByteBuffer {
        getSlice(at: readerIndex + offset, length: length) ?? ByteBuffer()
    }

    func slice(_ span: cndn_span) -> ByteBuffer {
        slice(offset: Int(span.offset), length: Int(span.length))
    }
}
