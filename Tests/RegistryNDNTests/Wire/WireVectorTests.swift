import Testing

@Suite("Wire: vectors")
struct WireVectorTests {
    /// Where each kind runs; Tests/README.md names the few entries that do not, with the reasons.
    private static let kinds: [String: String] = [
        "varnum": "TLV", "invalid-varnum": "TLV", "nni": "TLV", "invalid-nni": "TLV", "tlv": "TLV",
        "invalid-tlv": "TLV",
        "component": "names", "invalid-component": "names", "name": "names", "invalid-name": "names",
        "name-order": "names",
        "interest": "Interest", "tolerate-interest": "Interest", "invalid-interest": "Interest",
        "data": "Data", "tolerate-data": "Data", "invalid-data": "Data", "data-sequence": "Data", "matching": "Data",
        "certificate": "Data, security", "tpm-file": "signing and security, its key only",
        "lp": "link", "lp-fragments": "link", "invalid-lp": "link", "stream": "link", "invalid-datagram": "link",
        "nfd-command": "NFD", "nfd-response": "NFD", "nfd-dataset": "NFD",
        "safebag": "security", "invalid-safebag": "security", "fch": "discovery",
    ]

    @Test("Every kind of vector runs somewhere")
    func kinds() {
        #expect(Set(Vector.all.map(\.kind)) == Set(Self.kinds.keys))
        #expect(Set(Vector.all.map(\.id)).count == Vector.all.count)
    }

    @Test("Every entry of an invalid kind is to be rejected")
    func invalidKinds() {
        for vector in Vector.all where vector.kind.hasPrefix("invalid-") {
            #expect(vector.expect["result"].string == "reject", "\(vector.id)")
        }
    }
}
