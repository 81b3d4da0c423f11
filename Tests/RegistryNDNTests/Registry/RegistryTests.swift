import RegistryNDN
import Testing

@Suite struct RegistryRepositoryNameTests {
    @Test(arguments: [
        "alpine", "library/alpine", "a/b/c/d", "0", "a.b", "a_b", "a__b", "a-b", "a---b", "a.b_c__d-e/f.g",
        "localhost/blobs", "a1b2", String(repeating: "a", count: 255),
    ])
    func accepts(_ text: String) {
        #expect(RepositoryName(text)?.text == text)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a..b", ".a", "a.", "a___b", "_a", "a_",
        "a._b",
        "a-_b", "-a", "a-", "A", "a/B", "a b", "a%2fb", "a?b", "a#b", "a:b", "a\u{e9}", "a\\b", "a\nb", "a\0",
        String(repeating: "a", count: 256),
    ])
    func rejects(_ text: String) {
        #expect(RepositoryName(text) == nil)
    }

    @Test func rejectsOctetsThatAreNotText() {
        #expect(RepositoryName(octets: [0x61, 0xff]) == nil)
        #expect(RepositoryName(octets: [0x61, 0x62])?.text == "ab")
    }
}

@Suite struct RegistryOCIErrorTests {
    @Test func bodyIsEscapedJSON() {
        let error = OCIError(.blobUnknown, message: "no \"such\"\nblob", detail: "a\\b")
        #expect(
            error.body
                == #"{"errors":[{"code":"BLOB_UNKNOWN","message":"no \"such\"\u000ablob","detail":"a\\b"}]}"# + "\n")
    }

    @Test func detailMayBeAbsent() {
        #expect(
            OCIError(.unavailable, message: "m").body
                == #"{"errors":[{"code":"UNAVAILABLE","message":"m"}]}"# + "\n")
    }
}
