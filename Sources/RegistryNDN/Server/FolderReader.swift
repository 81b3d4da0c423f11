internal import NDN
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Performs the producer's reads in a folder, on a thread that may wait for the disk.
struct FolderReader: OriginReader {
    let folder: BlobFolder
    let producer: NIOLoopBound<BlobProducer>
    let pool: NIOThreadPool
    let packing: Packing
    private let hasToldFault = NIOLockedValueBox(false)
    /// Bytes that are read at once: a portion of the producer's.
    static let piece = UInt64(RangePacker.portion)

    /// Why a read gave nothing, or not all, and what the log says about it.
    private typealias Failure = (failure: ReadFailure, why: String?)

    func perform(stream: Int) async {
        do {
            while let assignment = try await next(stream) { await perform(assignment.read) }
        } catch {
            // The event loop has ended, and the producer with it.
        }
    }

    private func perform(_ read: OriginRead) async {
        let failure: Failure?
        do {
            failure = try await pool.runIfActive { try copy(read) }
        } catch let error as SystemError where error.isOfTheBlob {
            failure = (.refused, "\(folder): \(read.blob.digest): \(error)")
        } catch {
            failure = (.failed, "\(folder): \(error)")
        }
        if let failure { fail(read, failure.failure, failure.why) }
    }

    func shutdown() {}

    /// What is wrong with the folder, the first time that a repository shows it.
    private func faultToTell(of repository: RepositoryName) -> String? {
        hasToldFault.withLockedValue { hasTold in
            guard !hasTold, let fault = folder.fault(of: repository) else { return nil }
            hasTold = true
            return fault
        }
    }

    /// Brings one range to the producer; the failure, or nil when all went well.
    private func copy(_ read: OriginRead) throws -> Failure? {
        guard let file = try folder.open(read.blob.repository, read.blob.digest) else {
            return (.unknown, faultToTell(of: read.blob.repository))
        }
        let size = file.size
        guard read.range.offset < size || size == 0 && read.range.offset == 0 else {
            return (.beyondEnd(total: size), nil)
        }
        guard let layout = try eventLoop.submit({ try producer.value.began(read.id, total: size) }).wait() else {
            return (.failed, "\(folder): the size of \(read.blob.digest) has changed")
        }
        let end = min(size, read.range.offset + (read.range.length ?? size))
        var offset = read.range.offset
        var packer = RangePacker(read, into: layout, packing, for: producer)
        while offset < end {
            let piece = try file.read(offset..<min(end, offset + Self.piece))
            guard piece.readableBytes > 0 else { break }
            offset += UInt64(piece.readableBytes)
            try packer.pack(piece)?.wait()
        }
        guard try eventLoop.submit({ producer.value.ended(read.id) }).wait() else {
            return (.failed, "\(folder): the file of \(read.blob.digest) has changed")
        }
        return nil
    }
}

extension SystemError {
    /// Whether it says that this one blob cannot be served, rather than that nothing can be read now.
    fileprivate var isOfTheBlob: Bool { [EACCES, EINVAL, EISDIR, ELOOP, ENOTDIR, EXDEV].contains(number) }
}
