/// TLV-TYPE numbers of the NFD management protocol (ndn-cxx `encoding/tlv-nfd.hpp`; docs/protocol.md 8.4 to 8.6).
///
/// Numbers are reused between messages: 128 is RibEntry in one dataset and FaceStatus in another.
package enum NFDType {
    static let name: UInt32 = 7
    static let controlResponse: UInt32 = 101
    static let statusCode: UInt32 = 102
    static let statusText: UInt32 = 103
    static let controlParameters: UInt32 = 104
    static let faceID: UInt32 = 105
    static let cost: UInt32 = 106
    static let strategy: UInt32 = 107
    static let flags: UInt32 = 108
    static let expirationPeriod: UInt32 = 109
    static let origin: UInt32 = 111
    static let mask: UInt32 = 112
    static let uri: UInt32 = 114
    static let ribEntry: UInt32 = 128
    static let faceStatus: UInt32 = 128
    static let strategyChoice: UInt32 = 128
    static let route: UInt32 = 129
    static let localURI: UInt32 = 129
    static let capacity: UInt32 = 131
    static let count: UInt32 = 132
    static let faceScope: UInt32 = 132
    static let facePersistency: UInt32 = 133
    static let linkType: UInt32 = 134
    static let baseCongestionMarkingInterval: UInt32 = 135
    static let defaultCongestionThreshold: UInt32 = 136
    static let mtu: UInt32 = 137
    package static let inInterests: UInt32 = 144
    package static let inData: UInt32 = 145
    package static let outInterests: UInt32 = 146
    package static let outData: UInt32 = 147
    static let inBytes: UInt32 = 148
    static let outBytes: UInt32 = 149
    package static let inNacks: UInt32 = 151
    package static let outNacks: UInt32 = 152
    /// Of `registry-ndn forwarder` alone: an even number of the applications' range, which other programs skip (docs/protocol.md 2.4).
    static let health: UInt32 = 36364

    /// ForwarderStatus (`status/general`).
    package enum Status {
        package static let version: UInt32 = 128
        package static let startTimestamp: UInt32 = 129
        package static let currentTimestamp: UInt32 = 130
        package static let nameTreeEntries: UInt32 = 131
        package static let fibEntries: UInt32 = 132
        package static let pitEntries: UInt32 = 133
        package static let measurementsEntries: UInt32 = 134
        package static let contentStoreEntries: UInt32 = 135
        package static let satisfiedInterests: UInt32 = 153
        package static let unsatisfiedInterests: UInt32 = 154
    }
}
