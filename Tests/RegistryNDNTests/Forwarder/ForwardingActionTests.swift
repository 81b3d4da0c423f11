import NIOCore
import Testing

@testable import NDN
@testable import NDNForwarder
@testable import RegistryNDN

/// Data for a face that lags behind is marked.
@Suite struct ForwardingActionTests {
    private func mark(_ packet: ByteBuffer, _ before: UInt64 = 0, isBacklogged: Bool) -> UInt64 {
        let action = ForwardingAction(face: 1, packet: packet, fields: LinkFields(congestionMark: before))
        return action.fields(isBacklogged: isBacklogged).congestionMark
    }

    @Test func onlyDataIsMarkedAndOnlyForOneThatLagsBehind() throws {
        let data = try Packets.data("/a").wire
        let interest = try InterestBuilder(name: Name(uri: "/a")).encode()
        #expect(mark(data, isBacklogged: true) == 1)
        #expect(mark(data, isBacklogged: false) == 0)
        #expect(mark(interest, isBacklogged: true) == 0)
    }

    @Test func aMarkOnTheWayStays() throws {
        let data = try Packets.data("/a").wire
        #expect(mark(data, 7, isBacklogged: true) == 7)
        #expect(mark(data, 7, isBacklogged: false) == 7)
    }
}
