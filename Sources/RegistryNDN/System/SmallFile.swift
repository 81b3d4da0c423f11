package import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Files that are read whole: keys, certificates, lists.
package enum SmallFile {
    /// Octets of such a file, at most.
    static let maximumSize = 1 << 16

    /// All that an open file has; nil when that is more than 64 KiB.
    package static func octets(of descriptor: Int32) throws(SystemError) -> ByteBuffer? {
        var octets = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0 {
                let error = SystemError(call: "read")
                if error.number == EINTR { continue }
                throw error
            }
            guard count > 0 else { return octets }
            octets.writeBytes(chunk[..<count])
            guard octets.readableBytes <= maximumSize else { return nil }
        }
    }
}
