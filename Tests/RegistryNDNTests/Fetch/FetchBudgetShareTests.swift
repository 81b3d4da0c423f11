import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct FetchBudgetShareTests {
    private let budget = 32 << 20

    @Test func oneBlobHasLargeSlabsAndNearlyAll() {
        let share = BudgetShare(of: budget, among: 1)
        #expect(share.octets == budget)
        #expect(share.slabSegments(chunk: 7777) == 64)
        #expect(share.allowance(slab: 64 * 7777) == budget - 7 * 64 * 7777)
    }

    @Test(arguments: [(2, 64), (3, 32), (4, 32), (5, 16), (10, 16), (1000, 16)])
    func slabsShrinkWithTheShare(blobs: Int, segments: Int) {
        #expect(BudgetShare(of: budget, among: blobs).slabSegments(chunk: 7777) == segments)
    }

    @Test func smallSegmentsLieInLargeSlabs() {
        #expect(BudgetShare(of: budget, among: 10).slabSegments(chunk: 1000) == 64)
        #expect(BudgetShare(of: budget, among: 10).slabSegments(chunk: 0) == 64)
    }

    @Test(arguments: [1, 2, 5, 10]) func whatReadersHoldCounts(blobs: Int) {
        let share = BudgetShare(of: budget, among: blobs)
        let slab = share.slabSegments(chunk: 7777) * 7777
        #expect(blobs * (share.allowance(slab: slab) + 7 * slab) <= budget)
    }

    @Test func whatOthersHoldStillIsNotGrantedAgain() {
        let share = BudgetShare(of: 1000, among: 2)
        #expect(share.grant(allowance: 500, others: 0) == 500)
        #expect(share.grant(allowance: 500, others: 500) == 500)
        #expect(share.grant(allowance: 500, others: 700) == 300)
        #expect(share.grant(allowance: 500, others: 1000) == 62, "an eighth of its share whatever others do")
        #expect(share.grant(allowance: 500, others: .max) == 62)
        #expect(share.grant(allowance: 50, others: .max) == 50)
    }

    @Test func somethingIsAlwaysAllowed() {
        let share = BudgetShare(of: budget, among: 100)
        #expect(share.allowance(slab: 64 * 7777) == share.octets / 4)
        #expect(BudgetShare(of: 0, among: 0).allowance(slab: 0) == 0)
    }
}
