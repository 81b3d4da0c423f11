/// TLV-TYPE numbers of the NDN packet format (docs/protocol.md 2.4); those of one module only stand in that module.
public enum TLVType {
    public static let interest: UInt32 = 5
    public static let data: UInt32 = 6
    public static let name: UInt32 = 7
    public static let nonce: UInt32 = 10
    public static let interestLifetime: UInt32 = 12
    public static let mustBeFresh: UInt32 = 18
    public static let metaInfo: UInt32 = 20
    public static let content: UInt32 = 21
    public static let signatureInfo: UInt32 = 22
    public static let signatureValue: UInt32 = 23
    public static let contentType: UInt32 = 24
    public static let freshnessPeriod: UInt32 = 25
    public static let finalBlockID: UInt32 = 26
    public static let signatureType: UInt32 = 27
    public static let keyLocator: UInt32 = 28
    public static let keyDigest: UInt32 = 29
    public static let forwardingHint: UInt32 = 30
    public static let canBePrefix: UInt32 = 33
    public static let hopLimit: UInt32 = 34
    public static let applicationParameters: UInt32 = 36
    public static let signatureNonce: UInt32 = 38
    public static let signatureTime: UInt32 = 40
    public static let signatureSeqNum: UInt32 = 42
    public static let interestSignatureInfo: UInt32 = 44
    public static let interestSignatureValue: UInt32 = 46
    public static let lpPacket: UInt32 = 100
    public static let validityPeriod: UInt32 = 253
}
