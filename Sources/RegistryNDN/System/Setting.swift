internal import Synchronization

/// A setting that messages of this library name, since it mends what they tell of.
///
/// The library knows a setting by what it is for; ``SettingWords`` has how a program's users give it.
package enum Setting: String, CaseIterable, Sendable, CustomStringConvertible {
    case memory = "the memory limit"
    case keychain = "the folder of keys"
    case mtu = "the MTU"
    case listener = "the address to listen at"
    case uplink = "the forwarder to connect to"
    case registration = "the registration of the prefix"
    case routedFace = "the face of a route"
    case staticRoute = "a static route"

    package var description: String { SettingWords.word(for: rawValue) }
}

/// How the users of a program give its settings. The program says it once, before anything else runs, and messages then name each
/// setting in these words.
package enum SettingWords {
    private static let words = Mutex<[String: String]>([:])

    /// - Parameter names: by what the settings are for.
    package static func call(_ names: [String: String]) { words.withLock { $0 = names } }

    /// - Parameter purpose: what the setting is for, which is also how it is called until a program says otherwise.
    package static func word(for purpose: String) -> String { words.withLock { $0[purpose] } ?? purpose }
}
