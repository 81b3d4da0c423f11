/// TLV-TYPE numbers of the NDN packet format (docs/protocol.md 2.4); those of one module only stand in that module.
public enum TLVType {
    /// Interest, a packet.
    public static let interest: UInt32 = 5
    /// Data, a packet.
    public static let data: UInt32 = 6
    /// Name: a sequence of components.
    public static let name: UInt32 = 7
    /// Nonce of an Interest, 4 octets.
    public static let nonce: UInt32 = 10
    /// InterestLifetime, milliseconds.
    public static let interestLifetime: UInt32 = 12
    /// MustBeFresh of an Interest, empty.
    public static let mustBeFresh: UInt32 = 18
    /// MetaInfo of a Data; holds ContentType, FreshnessPeriod and FinalBlockId.
    public static let metaInfo: UInt32 = 20
    /// Content of a Data: any octets.
    public static let content: UInt32 = 21
    /// SignatureInfo of a Data.
    public static let signatureInfo: UInt32 = 22
    /// SignatureValue of a Data.
    public static let signatureValue: UInt32 = 23
    /// ContentType in MetaInfo, a number of ``ContentType``.
    public static let contentType: UInt32 = 24
    /// FreshnessPeriod in MetaInfo, milliseconds.
    public static let freshnessPeriod: UInt32 = 25
    /// FinalBlockId in MetaInfo, one name component.
    public static let finalBlockID: UInt32 = 26
    /// SignatureType in a SignatureInfo, a number of ``SignatureType``.
    public static let signatureType: UInt32 = 27
    /// KeyLocator in a SignatureInfo; holds a Name or a KeyDigest.
    public static let keyLocator: UInt32 = 28
    /// KeyDigest in a KeyLocator: the SHA-256 of the SubjectPublicKeyInfo.
    public static let keyDigest: UInt32 = 29
    /// ForwardingHint of an Interest; holds Names.
    public static let forwardingHint: UInt32 = 30
    /// CanBePrefix of an Interest, empty.
    public static let canBePrefix: UInt32 = 33
    /// HopLimit of an Interest, 1 octet.
    public static let hopLimit: UInt32 = 34
    /// ApplicationParameters of an Interest: any octets.
    public static let applicationParameters: UInt32 = 36
    /// SignatureNonce in an InterestSignatureInfo, at least 1 octet.
    public static let signatureNonce: UInt32 = 38
    /// SignatureTime in an InterestSignatureInfo, milliseconds since 1970.
    public static let signatureTime: UInt32 = 40
    /// SignatureSeqNum in an InterestSignatureInfo.
    public static let signatureSeqNum: UInt32 = 42
    /// InterestSignatureInfo of a signed Interest.
    public static let interestSignatureInfo: UInt32 = 44
    /// InterestSignatureValue of a signed Interest.
    public static let interestSignatureValue: UInt32 = 46
    /// LpPacket of NDNLPv2 (docs/protocol.md 7.2).
    public static let lpPacket: UInt32 = 100
    /// ValidityPeriod in the SignatureInfo of a certificate (docs/protocol.md 6.1).
    public static let validityPeriod: UInt32 = 253
}
