import Testing

@testable import registry_ndn

@Suite("Differences as they are shown")
struct UnifiedDifferenceTests {
    @Test("a new file is all additions, one that goes all removals")
    func whole() {
        #expect(
            UnifiedDifference.text(of: "/a", before: nil, after: "x\ny\n")
                == "--- /dev/null\n+++ /a\n@@ -0,0 +1,2 @@\n+x\n+y\n")
        #expect(
            UnifiedDifference.text(of: "/a", before: "x", after: nil)
                == "--- /a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n")
    }

    @Test("three lines stand around a change, and changes that are near are shown as one")
    func context() {
        let before = (1...20).map { "\($0)\n" }.joined()
        let after = before.replacing("\n8\n", with: "\neight\n").replacing("\n12\n", with: "\n12\ntwelve\n")
        let text = UnifiedDifference.text(of: "/a", before: before, after: after)
        #expect(text.contains("@@ -5,11 +5,12 @@\n 5\n 6\n 7\n-8\n+eight\n 9\n"))
        #expect(text.hasSuffix(" 12\n+twelve\n 13\n 14\n 15\n"))
    }

    @Test("texts of the same characters in other octets differ")
    func octets() {
        let text = UnifiedDifference.text(of: "/a", before: "\u{e9}\r\n", after: "e\u{301}\r\n")
        #expect(text.contains("-\u{e9}") && text.utf8.contains(UInt8(ascii: "\r")))
    }
}
