import NIOCore

/// Ranges of blobs: first the blob's shape, unless it is known, then the segments that cover the range.
extension FetchEngine {
    /// Adds a reader of a range of a blob.
    func open(_ blob: Name, range: BlobRange, deadline: NIODeadline?, reader: ChunkQueue) {
        guard !isClosed else { return reader.finish(.failure(.cancelled), statistics: .init()) }
        let blob = blob.owned()
        defer { noteBegin(of: reader, in: blob) }
        admit(reader) { [self] in begin(blob, range: range, deadline: deadline, reader: reader) }
    }

    private func begin(_ blob: Name, range: BlobRange, deadline: NIODeadline?, reader: ChunkQueue) {
        let now = NIODeadline.now()
        let deadline = min(deadline ?? .distantFuture, now + configuration.timeout)
        if let shape = shapes[blob] {
            start(reader, of: blob, range: range, shape: shape, deadline: deadline)
        } else if let asked = byName[blob]?.first(where: {
            $0.isActive && $0.shapeWanted != nil && $0.admits(reader)
        }) {
            asked.want(range, for: reader)
            noteReaders(of: asked)
        } else {
            let id = scheduler.add(SegmentFetch(configuration: configuration, deadline: deadline, now: now))
            let fetch = BlobFetch(
                id: id, name: blob, lifetime: configuration.interestLifetime, deadline: deadline,
                reader: reader, isShared: false)
            fetch.want(range, for: reader)
            add(fetch)
            askForMetadata(fetch)
        }
        settle()
    }

    /// Once the shape is known, starts the ranges that wait for it.
    ///
    /// Its two segments are all that is asked for meanwhile: nobody raises the demand.
    func settleShape(_ fetch: BlobFetch, now: NIODeadline) {
        let wanted = fetch.shapeStillWanted()
        guard let state = scheduler[fetch.id], !wanted.isEmpty else { return remove(fetch) }
        if let failure = state.failure {
            for (reader, _) in wanted { reader.finish(.failure(failure), statistics: state.statistics) }
            return remove(fetch)
        }
        guard let geometry = state.geometry, let size = state.size else { return }
        let shape = BlobShape(geometry: geometry, size: size)
        let here = fetch.takeShapeSegments()
        var statistics = state.statistics
        let (name, deadline) = (fetch.name, fetch.deadline)
        // What was told to those with some credentials is not told to others.
        if fetch.audience == nil { shapes.insert(shape, for: name) }
        remove(fetch)
        for (reader, range) in wanted {
            start(
                reader, of: name, range: range, shape: shape, deadline: deadline, here: here, statistics: statistics)
            // What the shape cost is counted once.
            statistics = FetchStatistics()
        }
    }

    /// Gives a reader its range: from a fetch that brings it already, or by one of its own.
    ///
    /// - Parameters:
    ///   - here: payloads that need not be asked for again, of the first and of the final segment.
    ///   - statistics: what was spent on the range before.
    private func start(
        _ reader: ChunkQueue, of name: Name, range: BlobRange, shape: BlobShape, deadline: NIODeadline,
        here: ShapeSegments = .init(), statistics: FetchStatistics = .init()
    ) {
        let parts = range.parts(of: shape.size)
        guard let hull = parts.hull else {
            reader.open(size: shape.size)
            return reader.finish(.success(()), statistics: statistics)
        }
        let runs = SegmentRuns(covering: parts, of: shape)
        if runs == nil,
            let running = byName[name]?.first(where: { $0.join(reader, for: parts, asked: askedOctets(of: $0)) })
        {
            return noteReaders(of: running)
        }
        let first = hull.lowerBound < UInt64(shape.geometry.chunk) && shape.geometry.final > 0 ? here.first : nil
        let final = hull.upperBound > shape.geometry.offset(of: shape.geometry.final) ? here.final : nil
        // From here on the segments have their ranks, where they are those of an excerpt.
        let (shape, wanted) = runs.map { ($0.excerpt, $0.parts(parts)) } ?? (shape, parts)
        let octets = wanted.hull ?? hull
        reader.restrict(to: wanted)
        let (geometry, segments) = (shape.geometry, shape.segments(covering: octets))
        let window = min(ringCapacity(chunk: geometry.chunk), Int(clamping: segments.count))
        var state = SegmentFetch(
            configuration: configuration, geometry: geometry, size: shape.size,
            start: first == nil ? segments.lowerBound : 1, stop: segments.upperBound, capacity: window,
            deadline: deadline, now: .now())
        if final != nil { state.skipFinal() }
        state.statistics = statistics
        let fetch = BlobFetch(
            id: scheduler.add(state, beside: runs == nil ? running(name) : nil), name: name,
            lifetime: configuration.interestLifetime, deadline: deadline, reader: reader, octets: octets, runs: runs)
        fetch.audience = here.audience
        begin(fetch, at: segments.lowerBound, chunk: geometry.chunk, window: window)
        if let first { fetch.place(0, first, final: geometry.final) }
        if let final { fetch.place(geometry.final, final, final: geometry.final) }
        add(fetch)
        settle(fetch, now: .now())
    }

    /// Offset behind the last octet that a fetch has asked for in sequence.
    private func askedOctets(of fetch: BlobFetch) -> UInt64 {
        guard let state = scheduler[fetch.id], let geometry = state.geometry else { return 0 }
        return geometry.offset(of: min(state.unsent, geometry.final))
    }
}
