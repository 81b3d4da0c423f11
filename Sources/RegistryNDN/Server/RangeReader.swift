import Logging
import NIOCore
import NIOHTTP1

/// Performs the producer's reads at a registry: those of a stream one after the other, over one answer where that can be.
struct RangeReader: RangeReading {
    let upstream: UpstreamClient
    let producer: NIOLoopBound<BlobProducer>
    /// Octets of a range of the cache.
    let rangeSize: UInt64
    let packing: Packing

    /// Octets that are read in vain, at most, to reach a range at a registry that ignores Range.
    static let maximumSkip: UInt64 = 64 << 20

    func perform(stream id: Int) async {
        let executor = packing == .onEventLoop ? LoopExecutor(eventLoop) : nil
        await withTaskExecutorPreference(executor) { await read(for: id) }
    }

    func shutdown() {
        upstream.shutdown()
    }

    private func read(for id: Int) async {
        var stream: RegistryStream?
        do {
            while let read = try await next(id, at: stream?.position) {
                stream = await perform(read, of: id, over: stream)
            }
        } catch {
            // The event loop has ended, and the producer with it.
        }
    }

    /// Performs one read; what is left of the answer afterwards, nil when nothing is.
    private func perform(_ read: RangeRead, of id: Int, over existing: RegistryStream?) async -> RegistryStream? {
        do {
            guard try await eventLoop.submit({ producer.value.isAwaited(read.id) }).get() else { return existing }
            var stream = await ready(existing, for: read)
            if stream == nil { stream = try await open(read, of: id) }
            guard var stream, try await reach(read, &stream), try await copy(read, &stream) else { return nil }
            return await rest(of: stream)
        } catch {
            fail(read, .failed, "\(error)")
            return nil
        }
    }

    /// The answer so far, if it leads to the read and the registry has waited for us.
    private func ready(_ stream: RegistryStream?, for read: RangeRead) async -> RegistryStream? {
        guard var stream, stream.leads(to: read) else { return nil }
        do {
            try await stream.fetch()
            return stream
        } catch {
            // Asked again, the registry says what is wrong, if anything is.
            return nil
        }
    }

    private func rest(of stream: RegistryStream) async -> RegistryStream? {
        var stream = stream
        do {
            return try await stream.finish() ? nil : stream
        } catch {
            // Only the connection is lost: the range is complete.
            return nil
        }
    }

    /// Asks the registry; nil when it gives nothing to read, which then has been told.
    private func open(_ read: RangeRead, of id: Int) async throws -> RegistryStream? {
        let isOpenEnded = try await eventLoop.submit { producer.value.streams.isOpenEnded(id) }.get()
        let offset = read.range.offset
        let response = try await upstream.blobRange(
            repository: read.blob.repository, digest: read.blob.digest, offset: offset,
            length: isOpenEnded ? nil : read.range.length)
        switch response.verdict {
        case .partial(let length, let total):
            return RegistryStream(response.body, octets: offset..<offset + length, total: total, isWhole: false)
        case .whole(let length?):
            // A range that is the whole blob may be answered so by any registry.
            let isWhole = offset > 0 || length > read.end
            if isWhole { try await eventLoop.submit { producer.value.streams.isWhole(id) }.get() }
            return RegistryStream(response.body, octets: 0..<length, total: length, isWhole: isWhole)
        case .beyondEnd(total: 0) where offset == 0:
            // docker-registry answers so for a blob without octets; what its body says is not the blob.
            return RegistryStream(response.body, octets: 0..<0, total: 0, isWhole: false)
        case .whole(nil):
            fail(read, .failed, "the registry ignores Range and does not say how large \(read.blob.digest) is")
        case .beyondEnd(let total): fail(read, .beyondEnd(total: total), nil)
        case .refused(.notFound): fail(read, .unknown, nil)
        case .refused(let status):
            fail(read, .failed, "the registry answers \(status.code) \(status.reasonPhrase)\(Self.advice(status))")
        case .invalid(let why): fail(read, .failed, why)
        }
        return nil
    }

    private static func advice(_ status: HTTPResponseStatus) -> String {
        switch status {
        case .unauthorized, .forbidden:
            "; give --credentials that may read it, or let anybody read what is served over NDN"
        default: ""
        }
    }

    /// Passes over what lies before the range, and keeps what the cache has room for. False when that is too much, or the
    /// blob ends before it, which then has been told.
    private func reach(_ read: RangeRead, _ stream: inout RegistryStream) async throws -> Bool {
        let offset = read.range.offset
        guard offset < stream.total || stream.total == 0 && offset == 0 else {
            fail(read, .beyondEnd(total: stream.total), nil)
            return false
        }
        guard offset - stream.position <= Self.maximumSkip else {
            fail(
                read, .outOfReach,
                "the registry ignores Range, and octet \(offset) of \(read.blob.digest) is more than "
                    + "\(Self.maximumSkip >> 20) MiB away; clients have it from the registry")
            return false
        }
        while stream.position < offset {
            let position = stream.position
            if let passing = try await eventLoop.submit({ producer.value.passing(position, before: read.id) }).get() {
                do {
                    guard try await copy(passing, &stream) else {
                        fail(read, .failed, nil)
                        return false
                    }
                } catch {
                    fail(passing, .failed, nil)
                    throw error
                }
            } else {
                try await stream.skip(to: min(offset, (position / rangeSize + 1) * rangeSize))
            }
        }
        return true
    }

    /// Brings one range to the producer; false when it is not wanted, which then has been told.
    private func copy(_ read: RangeRead, _ stream: inout RegistryStream) async throws -> Bool {
        let total = stream.total
        guard let layout = try await eventLoop.submit({ try producer.value.began(read.id, total: total) }).get() else {
            fail(read, .failed, "the registry changed its mind about the size of \(read.blob.digest)")
            return false
        }
        var packer = RangePacker(read, into: layout, packing, for: producer)
        while let octets = try await stream.next(before: read.end) { try await packer.pack(octets)?.get() }
        guard try await eventLoop.submit({ producer.value.ended(read.id) }).get() else {
            fail(read, .failed, "the registry sent fewer octets of \(read.blob.digest) than it said, or more")
            return false
        }
        return true
    }
}
