import Testing

@testable import RegistryNDN

@Suite("TLS to upstreams")
struct UpstreamTLSTests {
    @Test("is as other files say once they are good")
    func renewing() throws {
        let tls = try TestCertificate.upstream()
        let first = tls.context
        #expect(tls.context === first)
        try tls.reload()
        let second = tls.context
        #expect(second !== first)
        var wrong = tls.settings.configuration
        wrong.authorityFile = "/nowhere.pem"
        #expect(throws: TLSError.self) { tls.use(try .init(wrong)) }
        #expect(tls.context === second)
    }
}
