internal import NDN
import NIOCore
import NIOHTTP1

/// Performs the producer's reads at a registry: those of a stream one after the other, over one answer where that can be.
struct RegistryReader: OriginReader {
    private typealias Assignment = StreamPlan.Assignment

    let upstream: UpstreamClient
    let producer: NIOLoopBound<BlobProducer>
    /// Bytes of a range of the cache.
    let rangeSize: UInt64
    let packing: Packing

    /// Bytes that are read in vain, at most, to reach a range at a registry that ignores Range.
    static let maximumSkip: UInt64 = 64 << 20

    func perform(stream: Int) async {
        let executor = packing == .onEventLoop ? LoopExecutor(eventLoop) : nil
        await withTaskExecutorPreference(executor) { await read(for: stream) }
    }

    func shutdown() { upstream.shutdown() }

    private func read(for stream: Int) async {
        var body: RegistryBody?
        do {
            while let next = try await next(stream, at: body?.position) { body = await perform(next, over: body) }
        } catch {
            // The event loop has ended, and the producer with it.
        }
    }

    /// Performs one read. Returns what is left of the answer afterwards, nil when nothing is.
    private func perform(_ assignment: Assignment, over existing: RegistryBody?) async -> RegistryBody? {
        let read = assignment.read
        do {
            var body = await ready(existing, for: read)
            if body == nil { body = try await open(assignment, at: read.range.offset) }
            guard var body, try await reach(assignment, &body), try await copy(assignment, &body) else { return nil }
            return await rest(of: body)
        } catch {
            fail(read, Self.isOfTheBlob(error) ? .refused : .failed, ErrorSentence.of(error))
            return nil
        }
    }

    /// Whether the registry is there, and gives this blob only not as it must.
    private static func isOfTheBlob(_ error: any Error) -> Bool {
        guard let code = (error as? UpstreamError)?.code else { return false }
        return code == .range || code == .redirect || code == .malformed
    }

    /// The answer so far, if it leads to the read and the registry has waited for us.
    private func ready(_ body: RegistryBody?, for read: OriginRead) async -> RegistryBody? {
        guard var body, body.leads(to: read) else { return nil }
        do {
            try await body.fetch()
            return body
        } catch {
            // Asked again, the registry says what is wrong, if anything is.
            return nil
        }
    }

    private func rest(of body: RegistryBody) async -> RegistryBody? {
        var body = body
        do {
            return try await body.finish() ? nil : body
        } catch {
            // Only the connection is lost: the range is complete.
            return nil
        }
    }

    /// Asks the registry for the bytes of a read from `offset` on; nil when it gives nothing to read, which the producer has
    /// been told then.
    private func open(_ assignment: Assignment, at offset: UInt64) async throws -> RegistryBody? {
        let read = assignment.read
        let response = try await ask(assignment, at: offset)
        switch response.verdict {
        case .partial(let length, let total):
            return RegistryBody(response.body, octets: offset..<offset + length, total: total)
        case .whole(let length?): return try await whole(response, length, assignment)
        case .whole(nil):
            if let size = try await knownSize(of: read) { return try await whole(response, size, assignment) }
            guard let size = try await Self.count(response.body) else {
                fail(
                    read, .outOfReach,
                    "the registry does not say how large \(read.blob.digest) is, and it is more than "
                        + "\(Self.maximumSkip >> 20) MiB; clients have it from the registry")
                return nil
            }
            let again = try await ask(assignment, at: offset)
            guard case .whole(nil) = again.verdict else { throw UpstreamError(.range, Self.inconstant(read)) }
            return try await whole(again, size, assignment)
        case .beyondEnd(total: 0) where offset == 0:
            // docker-registry answers so for a blob without bytes; what its body says is not the blob.
            return RegistryBody(response.body, octets: 0..<0, total: 0)
        case .beyondEnd(let total):
            fail(
                read, .beyondEnd(total: total), "the registry says that \(read.blob.digest) ends before byte \(offset)"
            )
        case .refused(.notFound): fail(read, .unknown, nil)
        case .refused(let status):
            let why = "the registry answers \(status.code) \(status.reasonPhrase)\(Self.advice(status))"
            fail(read, status.isOfTheBlob ? .refused : .failed, why)
        case .invalid(let why): fail(read, .refused, why)
        }
        return nil
    }

    private func ask(_ assignment: Assignment, at offset: UInt64) async throws -> RangeResponse {
        let read = assignment.read
        return try await upstream.blobRange(
            repository: read.blob.repository, digest: read.blob.digest, offset: offset,
            length: assignment.isOpenEnded ? nil : read.end - offset)
    }

    /// An answer with all of a blob; nil when most of it could not be reached that way, which the producer has been told then.
    private func whole(
        _ response: RangeResponse, _ size: UInt64, _ assignment: Assignment
    ) async throws -> RegistryBody? {
        let read = assignment.read
        // A range that is the whole blob may be answered so by any registry.
        let ignoresRange = read.range.offset > 0 || size > read.end
        // Whoever reads the blob asks for its last segment right after the first, to learn the size.
        guard !ignoresRange || size <= Self.maximumSkip + rangeSize else {
            fail(read, .outOfReach, Self.tooFar(size - 1, read))
            return nil
        }
        if ignoresRange {
            try await eventLoop.submit { producer.value.streams.noteIgnoredRange(assignment.stream) }.get()
        }
        return RegistryBody(response.body, octets: 0..<size, total: size, ignoresRange: ignoresRange)
    }

    private static func tooFar(_ octet: UInt64, _ read: OriginRead) -> String {
        "the registry gives no ranges, and byte \(octet) of \(read.blob.digest) is more than "
            + "\(maximumSkip >> 20) MiB away; clients have it from the registry"
    }

    private static func inconstant(_ read: OriginRead) -> String {
        "the registry changed its mind about the size of \(read.blob.digest)"
    }

    /// The size of a blob whose GET is answered without one: from an answer before, else from HEAD; nil when neither tells.
    private func knownSize(of read: OriginRead) async throws -> UInt64? {
        if let size = try await eventLoop.submit({ producer.value.size(for: read.id) }).get() { return size }
        let head = HTTPRequestHead(
            version: .http1_1, method: .HEAD,
            uri: RegistryRoute.path(repository: read.blob.repository, digest: read.blob.digest),
            headers: ["Accept-Encoding": "identity"])
        let answer = try await upstream.read(head)
        defer { answer.body.cancel() }
        guard answer.head.status == .ok, answer.head.contentCoding == nil, let size = answer.head.contentLength,
            size > 0
        else { return nil }
        return size
    }

    /// Reads a body for its length alone; nil when it is too long for that.
    private static func count(_ body: UpstreamBody) async throws -> UInt64? {
        var count: UInt64 = 0
        for try await chunk in body {
            count += UInt64(chunk.readableBytes)
            guard count <= maximumSkip else {
                body.cancel()
                return nil
            }
        }
        return count
    }

    private static func advice(_ status: HTTPResponseStatus) -> String {
        guard status == .unauthorized || status == .forbidden else { return "" }
        return "; give \(RegistrySetting.credentials) that may read it, or let anybody read what is served over NDN"
    }

    /// Passes over what lies before the range, and keeps what the cache has room for. Returns false when that is too much, or
    /// the blob ends before the range, which the producer has been told then.
    private func reach(_ assignment: Assignment, _ body: inout RegistryBody) async throws -> Bool {
        let read = assignment.read
        let offset = read.range.offset
        guard offset < body.total || body.total == 0 && offset == 0 else {
            fail(read, .beyondEnd(total: body.total), Self.inconstant(read))
            return false
        }
        guard offset - body.position <= Self.maximumSkip else {
            fail(read, .outOfReach, Self.tooFar(offset, read))
            return false
        }
        while body.position < offset {
            let position = body.position
            if let passing = try await eventLoop.submit({ producer.value.passing(position, before: read.id) }).get() {
                var kept = assignment
                kept.read = passing
                do {
                    guard try await copy(kept, &body) else {
                        fail(read, .failed, nil)
                        return false
                    }
                } catch {
                    fail(passing, .failed, nil)
                    throw error
                }
            } else {
                try await body.skip(to: min(offset, (position / rangeSize + 1) * rangeSize))
            }
        }
        return true
    }

    /// Brings one range to the producer. Returns false when it is not wanted, which the producer has been told then.
    private func copy(_ assignment: Assignment, _ body: inout RegistryBody) async throws -> Bool {
        let read = assignment.read
        let total = body.total
        guard let layout = try await eventLoop.submit({ try producer.value.began(read.id, total: total) }).get() else {
            fail(read, .failed, Self.inconstant(read))
            return false
        }
        var packer = RangePacker(read, into: layout, packing, for: producer)
        while true {
            while let octets = try await body.next(before: read.end) { try await packer.pack(octets)?.get() }
            let position = body.position
            guard position < min(read.end, total) else { break }
            // The registry answers with less than it is asked for: it is asked for the rest.
            guard var next = try await open(assignment, at: position) else { return false }
            guard next.total == total else { throw UpstreamError(.range, Self.inconstant(read)) }
            try await next.skip(to: position)
            body = next
        }
        guard try await eventLoop.submit({ producer.value.ended(read.id) }).get() else {
            fail(read, .failed, "the registry sent fewer bytes of \(read.blob.digest) than it said, or more")
            return false
        }
        return true
    }
}

extension HTTPResponseStatus {
    /// Statuses of a registry that cannot answer now, or of a proxy whose registry does not.
    private static let forNow: [HTTPResponseStatus] = [
        .requestTimeout, .tooManyRequests, .badGateway, .serviceUnavailable, .gatewayTimeout,
    ]

    /// Whether it is an answer about this blob, however odd, rather than one that says that none can be given now.
    fileprivate var isOfTheBlob: Bool { !Self.forNow.contains(self) }
}
