import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

@Suite("Forwarder: NameIndex")
struct NameIndexTests {
    private func name(_ blob: Int, _ segment: Int) -> Name {
        Name([.generic("blob"), .generic("\(blob)"), .segment(UInt64(segment))])
    }

    @Test func findsTheFirstUnderAPrefix() {
        var index = NameIndex()
        for segment in [5, 3, 9] { index.insert(name(1, segment), slot: segment) }
        index.insert(name(2, 0), slot: 20)
        let blob1 = Name([.generic("blob"), .generic("1")])
        #expect(index.first(under: blob1, limit: 10) { _ in true } == 3)
        #expect(index.first(under: blob1, limit: 10) { $0 > 3 } == 5)
        #expect(index.first(under: blob1, limit: 2) { $0 > 5 } == nil)
        #expect(index.first(under: Name([.generic("blob")]), limit: 10) { $0 == 20 } == 20)
        #expect(index.first(under: Name([.generic("other")]), limit: 10) { _ in true } == nil)
        #expect(index.first(under: Name(), limit: 1) { _ in true } == 3)
    }

    /// Against a sorted array, with enough names to split and join chunks.
    @Test func agreesWithASortedArray() {
        var index = NameIndex()
        var model: [Name: Int] = [:]
        var random = SeededGenerator(seed: 11)
        for step in 0..<6000 {
            let name = name(Int.random(in: 0..<40, using: &random), Int.random(in: 0..<50, using: &random))
            if model[name] != nil {
                index.remove(name)
                model[name] = nil
            } else {
                index.insert(name, slot: step)
                model[name] = step
            }
            guard step % 50 == 0 else { continue }
            let prefix = Name([.generic("blob"), .generic("\(Int.random(in: 0..<40, using: &random))")])
            let expected = model.filter { prefix.isPrefix(of: $0.key) }.min { $0.key < $1.key }?.value
            #expect(index.first(under: prefix, limit: 1) { _ in true } == expected)
        }
        for name in model.keys { index.remove(name) }
        #expect(index.first(under: Name(), limit: 1) { _ in true } == nil)
    }
}

/// A generator whose numbers are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
