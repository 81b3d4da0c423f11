import NDN
import NIOCore
import NIOHTTP1
import Testing

@testable import RegistryNDN

@Suite("A look at a registry")
struct RegistryTrialTests {
    private func root(_ headers: HTTPHeaders) -> RegistryTrial.Root {
        RegistryTrial.Root(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers), now: 784_111_777)
    }

    @Test("its clock is that of the field Date")
    func clock() {
        #expect(root(["Date": "Sun, 06 Nov 1994 08:49:37 GMT"]).clockAhead == 0)
        #expect(root(["Date": "Sun, 06 Nov 1994 08:51:37 GMT"]).clockAhead == 120)
        #expect(root(["Date": "Sunday, 06-Nov-94 08:49:07 GMT"]).clockAhead == -30)
        #expect(root(["Date": "now"]).clockAhead == nil && root([:]).clockAhead == nil)
    }

    @Test("a page is for people")
    func page() {
        #expect(root(["Content-Type": "Text/HTML; charset=utf-8"]).isPage)
        #expect(!root(["Content-Type": "application/json"]).isPage && !root([:]).isPage)
    }

    @Test("an error tells how far the question came")
    func steps() {
        #expect(RegistryTrial.step(of: UpstreamError(.tls, "no")) == .tls)
        #expect(RegistryTrial.step(of: UpstreamError(.connect, "no")) == .connection)
        #expect(RegistryTrial.step(of: UpstreamError(.proxy, "no")) == .connection)
        #expect(RegistryTrial.step(of: UpstreamError(.timeout, "no")) == .answer)
        #expect(RegistryTrial.step(of: CancellationError()) == .answer)
    }
}
