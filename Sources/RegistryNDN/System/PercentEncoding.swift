/// Percent-encoding as NDN URIs and HTTP have it: everything but the unreserved characters is written as `%` and two upper-case
/// hex digits (RFC 3986 sections 2.1 and 2.3).
package enum PercentEncoding {
    package static func encode(_ octets: some Sequence<UInt8>) -> String {
        octets.reduce(into: "") { text, octet in
            switch octet {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(octet))
            default:
                text += octet < 16 ? "%0" : "%"
                text += String(octet, radix: 16, uppercase: true)
            }
        }
    }

    /// The octets that `text` stands for; nil where a `%` is not followed by two hex digits.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let octet = rest.next() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }
}

/// The number of a hex digit in either case.
package func hexDigit(_ octet: UInt8) -> UInt8? {
    switch octet {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
    default: nil
    }
}
