import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("URI references")
struct URIReferenceTests {
    private static let base = URIReference("http://a/b/c/d;p?q")

    /// RFC 3986 section 5.4.1.
    @Test(arguments: [
        ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
        ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"),
        ("../../g", "http://a/g"),
    ])
    func aReferenceMeansWhatTheSpecificationSays(reference: String, target: String) {
        #expect(URIReference(reference).resolved(against: Self.base).description == target)
    }

    /// RFC 3986 section 5.4.2.
    @Test(arguments: [
        ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g#s/./x"), ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
    ])
    func anOddReferenceMeansWhatTheSpecificationSays(reference: String, target: String) {
        #expect(URIReference(reference).resolved(against: Self.base).description == target)
    }

    @Test func aBaseWithoutAPathHasARoot() {
        #expect(URIReference("g").resolved(against: URIReference("http://a")).description == "http://a/g")
        #expect(URIReference("?y").resolved(against: URIReference("http://a")).description == "http://a?y")
    }

    @Test func aDelimiterIsAnOctetWhateverFollowsIt() {
        // A combining accent makes one character of itself and what stands before it.
        let reference = URIReference("http://a/\u{301}?\u{301}#\u{301}")
        #expect(reference.authority == "a")
        #expect(reference.path == "/\u{301}")
        #expect(reference.query == "\u{301}")
        #expect(reference.fragment == "\u{301}")
    }

    @Test func emptyPartsAreNotMissingOnes() {
        for text in ["http://a/?", "http://a/#", "http://a/?#", "//", "http://", "?", "#", "/a//b/", "a:b:c", "1:b"] {
            #expect(URIReference(text).description == text)
        }
        #expect(URIReference("1:b").scheme == nil)
        #expect(URIReference("HTTP://A/B").description == "http://A/B")
    }
}
