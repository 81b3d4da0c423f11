import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// Pulls as those see them who watch the client.
@Suite struct RunningPullsTests {
    private let pulls = RunningPulls()

    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func begin(at seconds: Int64) -> RequestRecord {
        var record = RequestRecord(
            head: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v2/a/blobs/x"), now: Self.time(seconds))
        let digest = ContentDigest("sha256:" + String(repeating: "0", count: 64))!
        let pull = RunningPull(id: record.id, RepositoryName("demo/app")!, digest, began: record.began)
        record.running = pull
        pulls.begin(pull)
        return record
    }

    @Test func whatARequestCountsIsSeenAtOnce() {
        var record = begin(at: 1)
        #expect(pulls.running[0].size == nil)
        record.ndnBytes += 5
        record.upstreamBytes += 7
        record.running?.size = 100
        let seen = pulls.running[0]
        #expect(seen.ndnBytes == 5 && seen.upstreamBytes == 7 && seen.size == 100)
        #expect(seen.repository == "demo/app" && seen.digest.hasPrefix("sha256:00"))
    }

    @Test func theOldestStandsFirstAndTheLastThatEndedToo() {
        let records = [3, 1, 2].map(begin)
        #expect(pulls.running.map(\.began) == [1, 2, 3].map(Self.time))
        for record in records { pulls.end(record.running!, record, .ok, now: Self.time(9)) }
        #expect(pulls.running.isEmpty)
        #expect(pulls.finished.map(\.pull.id) == records.reversed().map(\.id))
    }

    @Test func ofThoseThatAreOverTheLastAreKeptWithWhatBecameOfThem() {
        for number in 0..<20 {
            var record = begin(at: Int64(number))
            record.fallback = Fallback(FetchError.noRoute)
            record.failure = number == 19 ? "cut" : nil
            pulls.end(record.running!, record, number == 18 ? .notFound : .ok, now: Self.time(100))
        }
        let finished = pulls.finished
        #expect(finished.count == 10 && finished[9].pull.began == Self.time(10))
        #expect(finished[0].failure == "cut" && finished[0].status == 200 && finished[2].failure == nil)
        // What the registry refuses is a failure too, though no fault of ours.
        #expect(finished[1].failure == "the registry answers 404 Not Found" && finished[1].status == 404)
        #expect(finished[0].fallback?.contains("no route") == true && finished[0].end == Self.time(100))
    }
}
