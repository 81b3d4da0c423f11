import NIOCore
import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// The page that people look at: small, whole, and closed to everybody else.
@Suite struct AdminPageTests {
    private static let html = AdminPage.html

    /// What stands between two tags.
    private static func between(_ begin: String, _ end: String) throws -> Substring {
        let start = try #require(html.firstRange(of: begin)).upperBound
        let stop = try #require(html[start...].firstRange(of: end)).lowerBound
        return html[start..<stop]
    }

    @Test func itIsSmall() { #expect(Self.html.utf8.count < 30_000) }

    @Test func nothingInItLeadsElsewhere() throws {
        // The name of a language, which nobody asks for.
        let own = Self.html.split(separator: "http://www.w3.org/2000/svg", omittingEmptySubsequences: false)
        #expect(own.count == 2)
        for text in own {
            for word in ["http:", "https:", "//www", "@import", "url(", "src=", "import("] {
                #expect(!text.contains(word), "\(word)")
            }
        }
        #expect(Self.html.split(separator: "href=").count == 2 && Self.html.contains("href=\"data:,\""))
    }

    /// Whatever others chose becomes text, never markup.
    @Test func itsScriptMakesNoMarkup() throws {
        let script = try Self.between("<script>", "</script>")
        for word in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "setHTML",
            "DOMParser",
            "srcdoc", "onclick", ".style", "cookie", "localStorage",
        ] { #expect(!script.contains(word), "\(word)") }
    }

    @Test func theBrowserRefusesAllElse() throws {
        let policy = try #require(AdminPage.answer.headers.first(name: "Content-Security-Policy"))
        let parts = policy.split(separator: "; ").map(String.init)
        #expect(parts.first == "default-src 'none'")
        #expect(!policy.contains("unsafe") && !policy.contains("*"))
        for rule in [
            "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'", "trusted-types 'none'",
        ] { #expect(parts.contains(rule)) }
        for (kind, tag) in [("script", "script"), ("style", "style")] {
            let text = try Self.between("<\(tag)>", "</\(tag)>")
            let digest = Base64.encode(SHA256.hash(ByteBuffer(substring: text)).bytes).filter { $0 != "\n" }
            #expect(parts.contains("\(kind)-src 'sha256-\(digest)'"))
        }
        #expect(AdminPage.answer.headers["x-content-type-options"] == ["nosniff"])
        #expect(AdminPage.answer.headers["cache-control"] == ["no-store"])
    }
}
