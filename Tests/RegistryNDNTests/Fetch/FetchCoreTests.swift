import NIOCore
import Testing

@testable import NDN

/// What is decided for the readers of blobs, without a face and with a clock set by hand.
@Suite struct FetchCoreTests {
    /// A core whose Interests are answered one by one, and what it wants done.
    private final class Script {
        static let chunk = 1_000
        static let final: UInt64 = 9_999
        static let size = 10_000_000
        private static let octets = ByteBuffer(repeating: 1, count: chunk + 1)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let core: FetchCore
        let name = Name([.generic("test"), .generic("blob")])
        var readers: [FetchReader.ID: FetchReader.Progress] = [:]
        private(set) var pushed: [FetchReader.ID: Int] = [:]
        private(set) var outcomes: [FetchReader.ID: Result<Void, FetchError>] = [:]
        private(set) var released: [FetchReader.ID] = []
        private(set) var truncated: [FetchReader.ID: UInt64] = [:]
        private(set) var repairs: [(transfer: BlobTransfer, segments: Range<UInt64>, by: FetchReader.ID)] = []
        private(set) var sizes: [FetchReader.ID: UInt64] = [:]

        init(_ configure: (inout FetchConfiguration) -> Void = { _ in }) {
            var configuration = FetchConfiguration()
            configure(&configuration)
            core = FetchCore(
                configuration: configuration,
                path: FetchPath(initialWindow: 32, maximumWindow: 64, algorithm: .aimd, isLocal: true))
        }

        func open(
            _ number: Int, _ range: BlobRange = .whole, audience: String? = nil, of name: Name? = nil
        ) -> FetchReader.ID {
            let id = FetchReader.ID(number)
            readers[id] = FetchReader.Progress()
            let audience = audience.map { SHA256.hash(ByteBuffer(string: $0)) }
            core.open(
                name ?? self.name, range: range,
                for: FetchReader(id, audience: audience, openBegin: range.openBegin), now: now)
            settle()
            return id
        }

        func settle() {
            core.settle(now: now) { [self] id, _ in readers[id] ?? .gone }
            for action in core.takeActions() {
                switch action {
                case .open(let id, let size): sizes[id] = size
                case .restrict(let id, let parts): readers[id]?.position = parts.hull?.lowerBound ?? 0
                case .push(let ids, let chunks, _, _):
                    for id in ids { pushed[id, default: 0] += chunks.reduce(0) { $0 + $1.readableBytes } }
                case .finish(let id, let outcome, _): outcomes[id] = outcome
                case .truncate(let id, let offset): truncated[id] = offset
                case .release(let id): released.append(id)
                case .repair(let transfer, let segments, let id, _, _): repairs.append((transfer, segments, id))
                case .report, .askForMetadata: break
                }
            }
        }

        /// Everything that may be asked for now.
        func asked() -> [UInt64] {
            var segments: [UInt64] = []
            while let next = core.nextInterest(now: now) { segments.append(next.interest.segment) }
            return segments
        }

        func answer(_ segments: [UInt64], length: Int = Script.chunk) {
            guard let payload = Self.octets.getSlice(at: 0, length: length) else { return }
            for segment in segments {
                let data = SegmentData(segment: segment, length: length, final: Self.final)
                _ = core.receive(data, payload, of: name, now: now)
            }
            settle()
        }

        /// Answers what is asked for, so many times.
        @discardableResult
        func run(_ rounds: Int) -> [UInt64] {
            (0..<rounds).flatMap { _ in
                let segments = asked()
                now = now + .milliseconds(1)
                answer(segments)
                return segments
            }
        }
    }

    @Test func whoComesWhileTheFirstOctetsAreHereSharesTheTransfer() {
        let script = Script()
        let first = script.open(0)
        var asked = script.run(20)
        let second = script.open(1)
        asked += script.run(20)
        #expect(script.sizes == [first: 10_000_000, second: 10_000_000])
        #expect(script.pushed[first] == script.pushed[second] && script.pushed[first]! > 100_000)
        #expect(Set(asked).count == asked.count)
    }

    /// containerd's: nobody waits for what comes before its range, and nothing is asked for twice that is under way.
    @Test func aRangeIsJoinedOnlyWhereItsBeginWasAskedFor() {
        let script = Script()
        _ = script.open(0)
        script.run(10)
        let far = script.open(1, .from(5_000_000, through: 5_009_999))
        let asked = script.run(4).filter { 5_000...5_010 ~= $0 }
        #expect(asked.sorted() == Array(5_000..<5_010))
        #expect(script.pushed[far] == 10_000)
        #expect(script.outcomes[far]?.error == nil)
    }

    @Test func severalRangesAreOneTransferAndNothingBetweenThemIsAskedFor() {
        let script = Script()
        _ = script.open(0, .several([.from(0, through: 1_999), .from(8_000, through: 8_999), .last(1)]))
        #expect(script.run(6).sorted() == [0, 1, 8, 9_999])
    }

    /// A reader who waits for what comes later does not make those slow who read what comes first.
    @Test func whoBeginsLaterLeavesNobodyBehind() {
        let script = Script { $0.memoryBudget = 2 << 20 }
        let first = script.open(0)
        script.run(10)
        let later = script.open(1, .from(9_000_000, through: 9_999_999))
        script.run(40)
        #expect(script.truncated.isEmpty && script.released.isEmpty)
        #expect(script.pushed[first]! > 0 && script.pushed[later]! > 0)
    }

    /// It goes on from where it is, and the fast one does not wait.
    @Test func whoFallsBehindGoesOnAlone() {
        let script = Script { $0.memoryBudget = 4 << 20 }
        let slow = script.open(0)
        let fast = script.open(1)
        for _ in 0..<400 {
            script.run(1)
            script.readers[fast]?.position = UInt64(script.pushed[fast] ?? 0)
        }
        #expect(script.pushed[fast] == Script.size)
        #expect(script.truncated[slow].map { $0 <= 1 << 20 } == true)
    }

    /// What a reader is to skip it learns a moment later: until then it says that it is at the begin.
    @Test func whoHasNotHeardOfItsRangeIsNotBehind() {
        let script = Script { $0.memoryBudget = 2 << 20 }
        let first = script.open(0)
        for _ in 0..<100 {
            script.run(1)
            script.readers[first]?.position = UInt64(script.pushed[first] ?? 0)
        }
        let begin = UInt64(script.pushed[first]!)
        #expect(begin > 1 << 20)
        let later = script.open(1, .from(begin, through: begin + 9_999))
        #expect(script.truncated.isEmpty)
        script.run(10)
        #expect(script.pushed[later] == script.pushed[first]! - Int(begin))
    }

    @Test func theMemoryOfAllBlobsTogetherIsBounded() {
        let script = Script { $0.memoryBudget = 2 << 20 }
        let reader = script.open(0)
        script.run(200)
        // Nobody takes anything.
        #expect(script.pushed[reader]! <= 2 << 20)
        #expect(script.pushed[reader]! > 1 << 20)
        script.readers[reader]?.position = UInt64(script.pushed[reader]!)
        script.settle()
        #expect(!script.asked().isEmpty)
    }

    @Test func whoFindsNoMemoryWaitsAndIsToldInTheEnd() {
        let script = Script { $0.memoryBudget = 1 << 20 }
        let names = (0..<5).map { Name([.generic("test"), .generic("\($0)")]) }
        let readers = names.enumerated().map { script.open($0, of: $1) }
        #expect(script.asked().count == 4)
        // One leaves, and the next one begins.
        script.readers[readers[0]]?.isGone = true
        script.settle()
        #expect(script.released == [readers[0]] && script.asked().count == 1)
        let late = script.open(9, of: Name([.generic("late")]))
        script.now = script.now + .seconds(20)
        script.settle()
        #expect(script.outcomes[late]?.error == .busy && script.released.last == late)
    }

    /// Others go on without what came with somebody's credentials.
    @Test func aHoleIsFilledForThoseWhoMayHaveIt() throws {
        let script = Script()
        let nobody = script.open(0)
        let ann = script.open(1, audience: "ann")
        for _ in 0..<60 where script.repairs.isEmpty {
            let segments = script.asked()
            script.now = script.now + .milliseconds(1)
            script.answer(segments.filter { $0 != 200 })
            if segments.contains(200) { script.answer([200], length: Script.chunk + 1) }
        }
        let repair = try #require(script.repairs.first)
        #expect(repair.segments == 200..<201 && repair.by == ann)
        let octets = ByteBuffer(repeating: 1, count: Script.chunk)
        script.core.repaired(repair.segments, of: repair.transfer, with: octets, now: script.now)
        #expect(script.pushed[nobody]! <= 200_000)
        // The others ask for it by themselves.
        #expect(script.run(5).contains(200))
        #expect(script.pushed[ann]! > 201_000)
    }

    @Test func whoseReadersAreAllGoneAsksForNothing() {
        let script = Script()
        let reader = script.open(0)
        script.run(3)
        script.readers[reader]?.isGone = true
        script.settle()
        #expect(
            script.asked().isEmpty && script.released == [reader] && script.core.nextDeadline(now: script.now) == nil)
    }

    /// Else the core would be asked to look at it again and again, for as long as its reader takes.
    @Test func whatHasFailedHasNoDeadline() {
        let script = Script()
        let reader = script.open(0)
        script.run(3)
        script.core.failAll(.faceDown)
        script.settle()
        #expect(script.outcomes[reader]?.error == .faceDown)
        #expect(script.core.nextDeadline(now: script.now) == nil && script.asked().isEmpty)
    }

    /// They can only be told apart by their places.
    @Test func whereOthersBeginAReaderIsExpectedToHangUp() {
        let script = Script { $0.memoryBudget = 8 << 20 }
        let first = script.open(0, .from(0))
        script.run(2)
        let second = script.open(1, .from(1_000_000))
        for _ in 0..<100 {
            script.run(1)
            script.readers[first]?.position = UInt64(script.pushed[first] ?? 0)
            script.readers[first]?.isWaiting = true
        }
        #expect(script.pushed[first] == 1_000_000)
        #expect(script.pushed[second]! > 1_000_000)
        script.now = script.now + ReadPause.patience
        script.settle()
        script.run(100)
        #expect(script.pushed[first]! > 1_000_000)
    }
}

extension Result where Failure == FetchError {
    fileprivate var error: FetchError? {
        if case .failure(let error) = self { error } else { nil }
    }
}
