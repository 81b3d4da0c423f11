public import NIOCore

/// A certificate of format v2: a Data packet that says whose key is good for which identity, and when (docs/protocol.md 6.1).
public struct Certificate: Sendable {
    /// IssuerId of a certificate that its own key signed.
    public static let selfIssuer = NameComponent.generic("self")
    /// IssuerId, by custom, of a certificate that waits to be issued by another.
    public static let requestIssuer = NameComponent.generic("cert-request")
    /// FreshnessPeriod that certificates usually have: an hour.
    static let freshnessMilliseconds: UInt64 = 3_600_000

    /// The packet, in memory of its own.
    public let data: DataPacket
    /// The key that the certificate is about.
    public let publicKey: PublicKey
    /// When the certificate counts.
    public let validity: ValidityPeriod

    /// Reads a certificate; the signature is not verified.
    ///
    /// - Throws: `SecurityError.malformed` with what is wrong.
    public init(_ packet: DataPacket) throws(SecurityError) {
        data = packet.owned()
        let name = data.name
        guard name.isCertificateName else {
            throw SecurityError(
                .malformed, "\(name.uri) is no certificate's name, <identity>/KEY/<key>/<issuer>/<version>")
        }
        guard data.contentType == ContentType.key else {
            throw SecurityError(
                .malformed, "\(name.uri) is no certificate: its ContentType is \(data.contentType), not 2")
        }
        guard data.freshnessMilliseconds > 0 else {
            throw SecurityError(.malformed, "\(name.uri) is no certificate: it has no FreshnessPeriod")
        }
        guard let value = data.signature.validityPeriod, let validity = try? ValidityPeriod(value: value) else {
            throw SecurityError(.malformed, "\(name.uri) is no certificate: it has no readable ValidityPeriod")
        }
        guard let key = try? PublicKey(spki: data.content) else {
            throw SecurityError(.malformed, "\(name.uri) holds no public key that this program knows")
        }
        self.validity = validity
        publicKey = key
    }

    /// Decodes exactly one Data packet that is a certificate.
    public init(decoding wire: ByteBuffer) throws(SecurityError) {
        guard let packet = try? DataPacket(decoding: wire) else {
            throw SecurityError(.malformed, "not one whole Data packet")
        }
        try self.init(packet)
    }

    /// `/<identity>/KEY/<KeyId>/<IssuerId>/<Version>`.
    public var name: Name { data.name }
    /// The name without IssuerId and Version.
    public var keyName: Name { name.dropLast(2) }
    /// Whose key it is: the name before `KEY`.
    public var identity: Name { name.dropLast(4) }
    /// Who issued it, in a word of the issuer's: ``selfIssuer`` where the key signed its own certificate.
    public var issuerID: NameComponent { name[name.count - 2] }
    /// By custom milliseconds since 1970.
    public var version: NameComponent { name[name.count - 1] }
    /// Name of the certificate or key that signed this one; nil when the packet names none.
    public var issuer: Name? {
        if case .name(let name)? = data.signature.keyLocator { name } else { nil }
    }
    /// Whether it says to be signed by its own key.
    public var isSelfSigned: Bool { issuer?.keyName == keyName }

    /// Whether the key of `issuer` made the signature.
    public func isSigned(by key: PublicKey) -> Bool { data.verify(with: .key(key)) }
}

extension Certificate: Hashable {
    public static func == (a: Certificate, b: Certificate) -> Bool { a.data.wire == b.data.wire }
    public func hash(into hasher: inout Hasher) { hasher.combine(data.wire) }
}

extension Certificate {
    /// What `issue` puts into a certificate.
    public struct Terms: Sendable {
        /// Who issues it, in a word of the issuer's.
        public var issuerID: NameComponent
        /// Milliseconds since 1970.
        public var version: UInt64
        /// When the certificate counts.
        public var validity: ValidityPeriod

        /// Terms.
        ///
        /// - Parameters:
        ///   - issuerID: who issues it, in a word of the issuer's.
        ///   - version: milliseconds since 1970.
        ///   - validity: when the certificate counts.
        public init(issuerID: NameComponent, version: UInt64, validity: ValidityPeriod) {
            self.issuerID = issuerID
            self.version = version
            self.validity = validity
        }

        /// How many days `ndnsec key-gen` makes a certificate valid for.
        public static let selfSignedDays = 20 * 365

        /// As `ndnsec key-gen` has it: valid from a second ago for so many days; `now` is in milliseconds since 1970.
        public static func selfSigned(now: UInt64, days: Int = selfSignedDays) -> Terms {
            let second = Int64(now / 1000)
            return Terms(
                issuerID: selfIssuer, version: now,
                validity: ValidityPeriod(notBefore: second - 1, notAfter: second + Int64(days) * 86_400))
        }
    }

    /// A certificate for `key` by the name of `keyName`, signed by `signer`.
    public static func issue(
        _ key: PublicKey, named keyName: Name, terms: Terms, signer: Signer
    ) throws(SecurityError) -> Certificate {
        guard keyName.isKeyName else {
            throw SecurityError(.malformed, "\(keyName.uri) is no key's name, <identity>/KEY/<key>")
        }
        var data = DataBuilder(
            name: keyName.appending(terms.issuerID).appending(.version(terms.version)), content: key.spki)
        data.contentType = ContentType.key
        data.freshnessMilliseconds = freshnessMilliseconds
        var info = signer.signatureInfo
        info.validityPeriod = terms.validity.encode()
        guard let wire = try? data.encode(signer: signer, info: info) else {
            throw SecurityError(.malformed, "a certificate for \(keyName.uri) cannot be signed: its name is too long")
        }
        return try Certificate(decoding: wire)
    }

    /// A certificate that `key` signs itself; its KeyLocator is the key's name, as ndn-cxx has it.
    public static func selfSigned(
        _ key: PrivateKey, named keyName: Name, terms: Terms
    ) throws(SecurityError) -> Certificate {
        guard let publicKey = try? key.publicKey() else {
            throw SecurityError(.malformed, "\(keyName.uri) has no public key")
        }
        return try issue(publicKey, named: keyName, terms: terms, signer: .key(key, locator: keyName))
    }

    // MARK: AdditionalDescription

    private static let additionalDescription: UInt32 = 258
    private static let entry: UInt32 = 512

    /// The pairs of the AdditionalDescription, such as `fullname` and a person's name; empty when there is none.
    public var additionalDescription: [(key: String, value: String)] {
        var reader = TLVReader(data.signedPortion)
        while let element = try? reader.next() {
            guard element.type == TLVType.signatureInfo else { continue }
            var fields = element.children
            while let field = try? fields.next() {
                if field.type == Self.additionalDescription { return Self.entries(field) }
            }
        }
        return []
    }

    private static func entries(_ description: TLVElement) -> [(key: String, value: String)] {
        var reader = description.children
        var pairs: [(key: String, value: String)] = []
        while let element = try? reader.next() {
            guard element.type == entry else { continue }
            var parts = element.children
            // DescriptionKey and DescriptionValue (docs/protocol.md 2.4).
            guard let key = try? parts.next(), key.type == 513, let value = try? parts.next(), value.type == 514 else {
                continue
            }
            pairs.append((String(buffer: key.value), String(buffer: value.value)))
        }
        return pairs
    }

    // MARK: Files

    /// Reads a `.ndncert` file: base64 of the Data packet.
    ///
    /// - Throws: `SecurityError.malformed`.
    public init(file text: String) throws(SecurityError) {
        guard let octets = Base64.decode(text.utf8), !octets.isEmpty else {
            throw SecurityError(.malformed, "no certificate: a .ndncert file is base64 of a Data packet, whole")
        }
        try self.init(decoding: ByteBuffer(bytes: octets))
    }

    /// The label of a certificate in a PEM file of ndnd's tools.
    private static let label = "NDN CERT"

    /// Reads what a file may hold: a certificate or a SafeBag, as base64 or as the element itself; or a certificate as PEM,
    /// which ndnd's tools write.
    ///
    /// - Throws: `SecurityError.malformed`.
    public init(any octets: ByteBuffer) throws(SecurityError) {
        var wire = octets
        let first = octets.getInteger(at: octets.readerIndex, as: UInt8.self)
        if first != UInt8(TLVType.data) && first != UInt8(SafeBag.type) {
            let text = String(buffer: octets)
            if text.contains("-----BEGIN ") {
                wire = try Self.octets(pem: text)
            } else if let decoded = Base64.decode(text.utf8), !decoded.isEmpty {
                wire = ByteBuffer(bytes: decoded)
            } else {
                throw SecurityError(.malformed, "neither a certificate nor a SafeBag, in binary, in base64 or in PEM")
            }
        }
        if wire.getInteger(at: wire.readerIndex, as: UInt8.self) == UInt8(SafeBag.type) {
            self = try SafeBag(decoding: wire).certificate
        } else {
            try self.init(decoding: wire)
        }
    }

    /// The first certificate of a PEM file.
    private static func octets(pem text: String) throws(SecurityError) -> ByteBuffer {
        let pem = try PEM(text)
        guard pem.label == label else {
            throw SecurityError(
                .malformed, "the PEM file has a \(pem.label), not an \(label), which ndnd's `sec sign-cert` writes")
        }
        return pem.octets
    }

    /// The `.ndncert` file: base64 in lines of 64 columns (docs/protocol.md 6.1).
    public var file: String { Base64.encode(data.wire.readableBytesView) }
}
