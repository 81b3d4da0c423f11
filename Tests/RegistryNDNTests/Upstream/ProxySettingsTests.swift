import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite struct ProxySettingsTests {
    private func settings(_ values: [String: String]) -> ProxySettings { ProxySettings { values[$0] } }

    private func way(_ values: [String: String], _ url: String) throws -> String? {
        try settings(values).proxy(for: UpstreamURL(url))?.description
    }

    @Test func eachSchemeHasItsVariable() throws {
        let both = ["HTTPS_PROXY": "http://a:1", "HTTP_PROXY": "b:2"]
        #expect(try way(both, "https://x.example") == "http://a:1")
        #expect(try way(both, "http://x.example") == "http://b:2")
        #expect(try way(["https_proxy": "http://a:1/"], "https://x.example") == "http://a:1")
        #expect(
            try way(["https_proxy": "http://a:1", "HTTPS_PROXY": "http://c"], "https://x.example") == "http://c:80")
        #expect(try way([:], "https://x.example") == nil)
        #expect(try way(["HTTPS_PROXY": "http://[::1]:3"], "https://x.example") == "http://[::1]:3")
    }

    @Test(arguments: [
        "https://localhost", "https://LOCALHOST:5000", "https://127.0.0.1", "https://127.1.2.3", "https://[::1]",
    ])
    func loopbackIsReachedDirectly(url: String) throws {
        #expect(try way(["HTTPS_PROXY": "http://a:1"], url) == nil)
        let explicit = ProxySettings(explicit: try ProxyURL("a:1", from: "--proxy"))
        #expect(try explicit.proxy(for: UpstreamURL(url)) != nil)
    }

    @Test(
        arguments: [
            ("*", "https://x.example", true),
            ("x.example", "https://x.example", true), ("x.example", "https://a.x.example", true),
            ("x.example", "https://ax.example", false), ("X.Example.", "https://x.example", true),
            (".x.example", "https://x.example", false), (".x.example", "https://a.x.example", true),
            ("*.x.example", "https://a.b.x.example", true), ("*.x.example", "https://x.example", false),
            ("x.example:443", "https://x.example", true), ("x.example:444", "https://x.example", false),
            ("x.example:444", "https://x.example:444", true),
            ("10.0.0.0/8", "https://10.200.3.4", true), ("10.0.0.0/8", "https://11.0.0.1", false),
            ("10.0.0.0/9", "https://10.128.0.1", false), ("0.0.0.0/0", "https://192.0.2.1", true),
            ("192.0.2.1", "https://192.0.2.1:444", true), ("192.0.2.1:443", "https://192.0.2.1:444", false),
            ("2001:db8::/32", "https://[2001:db8::7]", true), ("2001:db8::/32", "https://[2001:db9::7]", false),
            ("[2001:db8::7]:443", "https://[2001:db8::7]", true), ("[2001:db8::7]", "https://[2001:db8::7]:444", true),
            ("[2001:db8::]/32", "https://[2001:db8::7]", true), ("[2001:db8::8]", "https://[2001:db8::7]", false),
            ("[x.example]", "https://x.example", true), ("[", "https://x.example", false),
            ("10.0.0.0/33, 10.0.0.0/x, /8,,:1, y.example", "https://10.0.0.1", false),
            ("a.example, y.example", "https://y.example", true), ("2.1", "https://192.0.2.1", false),
            ("", "https://x.example", false),
        ])
    func exceptions(list: String, url: String, isDirect: Bool) throws {
        let proxy = try way(["HTTPS_PROXY": "http://a:1", "no_proxy": list], url)
        #expect((proxy == nil) == isDirect)
    }

    @Test func oneVariableForAllStandsWhereTheSchemesIsMissing() throws {
        #expect(try way(["ALL_PROXY": "http://a:1"], "https://x.example") == "http://a:1")
        #expect(try way(["all_proxy": "http://a:1"], "http://x.example") == "http://a:1")
        let both = ["ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:2"]
        #expect(try way(both, "https://x.example") == "http://b:2")
        #expect(try way(both, "http://x.example") == "http://a:1")
        #expect(try way(["ALL_PROXY": "a:1", "NO_PROXY": "x.example"], "http://x.example") == nil)
        #expect(settings(both).notice == nil)
    }

    /// Desktops set it for other programs.
    @Test func oneVariableForAllThatCannotBeUsedIsToldAndHarmsNobody() throws {
        let socks = ["ALL_PROXY": "socks5://secret@a:1080"]
        #expect(try way(socks, "https://x.example") == nil)
        let notice = try #require(settings(socks).notice)
        #expect(notice.contains("ALL_PROXY") && notice.contains("socks5") && !notice.contains("secret"))
        let all = ["HTTPS_PROXY": "http://b:2", "HTTP_PROXY": "http://b:2"].merging(socks) { $1 }
        #expect(settings(all).notice == nil)
    }

    @Test func credentials() throws {
        let proxy = try ProxyURL("http://us%40er:pa%3Ass%2Fword@a:1", from: "HTTPS_PROXY")
        #expect(proxy.authorization == "Basic dXNAZXI6cGE6c3Mvd29yZA==")
        #expect("\(proxy)" == "http://a:1" && String(reflecting: proxy) == "http://a:1")
        #expect(try ProxyURL("user@a:1", from: "").authorization == "Basic dXNlcjo=")
        let long = try ProxyURL("u:\(String(repeating: "x", count: 200))@a:1", from: "")
        #expect(long.authorization?.contains("\n") == false)
    }

    @Test(arguments: [
        "https://secret@a", "socks5://secret@a", "http://secret:a/b@c/d", "http://secret@", "http://secret%@a",
        "secret://a", "http://a:secret",
    ])
    func errorsHoldNoSecret(text: String) throws {
        let settings = settings(["HTTPS_PROXY": text])
        do {
            _ = try settings.proxy(for: UpstreamURL("https://x.example"))
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.code == .proxy)
            #expect(error.description.contains("HTTPS_PROXY") && !error.description.contains("secret"))
        }
    }
}
