import Logging
import NIOCore

/// Segments that the path gives only faulty: their octets come by the way that a reader knows, and the fetch goes on.
extension FetchEngine {
    /// Requests of one fetch at a time. What becomes faulty meanwhile is asked for together with its neighbours.
    private static let maximumRepairs = 4

    /// Tells the fetch whether somebody who reads it can fill holes.
    func noteRepair(of fetch: BlobFetch) {
        guard fetch.isActive else { return }
        scheduler.setRepair(fetch.audienceHere.contains { $0.repair != nil }, of: fetch.id)
    }

    /// Holes that are to be asked for now.
    func hasNewHoles(_ fetch: BlobFetch) -> Bool {
        fetch.repairs < Self.maximumRepairs && scheduler[fetch.id]?.holes.waiting.isEmpty == false
    }

    /// Asks for the octets of holes.
    func repair(_ fetch: BlobFetch) {
        guard fetch.isActive else { return }
        while fetch.repairs < Self.maximumRepairs, let holes = scheduler.nextHoles(of: fetch.id) {
            guard let repair = fetch.repair else { return scheduler.leaveHoles(of: fetch.id) }
            reserve(fetch, for: repair)
            for segments in fetch.runs?.pieces(holes) ?? [holes] { ask(repair, for: segments, of: fetch) }
        }
    }

    private func ask(_ repair: BlobRepair, for segments: Range<UInt64>, of fetch: BlobFetch) {
        guard let (octets, sizes) = place(of: segments, in: fetch) else { return scheduler.leaveHoles(of: fetch.id) }
        fetch.repairs += 1
        let bound = NIOLoopBound((self, fetch), eventLoop: endpoint.face.eventLoop)
        repair.request(octets, sizes) { octets in
            bound.eventLoop.execute {
                let (engine, fetch) = bound.value
                engine.repaired(segments, of: fetch, with: octets)
            }
        }
    }

    /// The octets of segments, and what the blob's size may be while the length of its final one is not known.
    private func place(
        of segments: Range<UInt64>, in fetch: BlobFetch
    ) -> (octets: Range<UInt64>, sizes: ClosedRange<UInt64>)? {
        if let runs = fetch.runs {
            let (shape, first) = (runs.shape, runs.segment(ofRank: segments.lowerBound))
            let begin = shape.geometry.offset(of: first)
            let end = min(begin + UInt64(segments.count) * UInt64(shape.geometry.chunk), shape.size)
            return (begin..<end, shape.size...shape.size)
        }
        guard let state = scheduler[fetch.id], let geometry = state.geometry else { return nil }
        let before = geometry.offset(of: geometry.final)
        let sizes = state.size.map { $0...$0 } ?? before + 1...before + UInt64(max(geometry.chunk, 1))
        let end = min(geometry.offset(of: segments.upperBound), sizes.upperBound)
        return (geometry.offset(of: segments.lowerBound)..<end, sizes)
    }

    /// From now on the fetch is for those with the same credentials; its other readers go on by themselves.
    private func reserve(_ fetch: BlobFetch, for repair: BlobRepair) {
        guard fetch.audience == nil else { return }
        fetch.audience = repair.audience
        for reader in fetch.dismissOthers() where !reader.isOver {
            if fetch.shapeWanted == nil, scheduler[fetch.id]?.size != nil {
                detach(reader, at: reader.truncate(keeping: .max), from: fetch)
            } else {
                reader.finish(
                    .failure(.malformed("its size can be told only to readers with other credentials")),
                    statistics: FetchStatistics())
            }
        }
    }

    private func repaired(_ segments: Range<UInt64>, of fetch: BlobFetch, with octets: ByteBuffer?) {
        fetch.repairs -= 1
        guard fetch.isActive, let geometry = scheduler[fetch.id]?.geometry else { return }
        guard var octets else {
            scheduler.leaveHoles(of: fetch.id)
            return settle()
        }
        logger.debug(
            "segments came from elsewhere",
            metadata: [
                "blob": "\(fetch.name)", "first": .stringConvertible(segments.lowerBound),
                "octets": .stringConvertible(octets.readableBytes),
            ])
        for segment in segments {
            let length = min(geometry.chunk, octets.readableBytes)
            guard let payload = octets.readSlice(length: length),
                scheduler.fill(segment, length: length, for: fetch.id, now: .now())
            else { break }
            fetch.place(segment, payload, final: geometry.final)
        }
        settle()
    }
}
