import FoundationEssentials
import NDN

/// What `doctor` found out, check by check, and which checks a failed one keeps from being tried: each fault is told once.
struct DoctorReport {
    /// In the order in which they are tried.
    enum Check: String, CaseIterable, Encodable {
        case openFiles = "open-files"
        case configuration, keychain, listen, engine
        case upstream, tls, registry, login, clock, image
        case router
        case receiveBuffer = "receive-buffer"
        case route
        case packetSize = "packet-size"
        case metadata, signature, blob

        /// Those of a client have no key, those of a server no engine.
        static var ofClient: [Check] { allCases.filter { $0 != .keychain } }
        static var ofServer: [Check] { allCases.filter { $0 != .engine } }

        /// The checks without which this one would fail for their reason.
        var needs: [Check] {
            switch self {
            case .openFiles, .configuration: []
            case .keychain, .listen, .engine, .upstream, .router: [.configuration]
            case .tls: [.upstream]
            case .registry, .clock: [.tls]
            case .login: [.registry]
            case .receiveBuffer, .route: [.router]
            case .packetSize: [.route]
            case .image: [.login]
            case .metadata: [.image, .packetSize]
            case .signature: [.metadata]
            case .blob: [.signature]
            }
        }
    }

    enum Status: String, Encodable {
        case ok, warn, fail, skip
    }

    /// What became of one check.
    enum Outcome: Equatable {
        case ok(String)
        /// It works, but not as well as it could.
        case warn(String, remedy: String?)
        case fail(String, remedy: String)
        /// There is nothing to check.
        case skip(String)
    }

    struct Finding: Encodable, Equatable {
        let check: Check
        let status: Status
        let message: String
        /// What to do; nil where nothing is to be done.
        let remedy: String?

        private enum CodingKeys: String, CodingKey {
            case check, status, message, remedy
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(check, forKey: .check)
            try container.encode(status, forKey: .status)
            try container.encode(Userinfo.hidden(in: message), forKey: .message)
            // null where there is none: scripts find the same keys in every element.
            try container.encode(remedy.map(Userinfo.hidden(in:)), forKey: .remedy)
        }

        /// For people: a line, and what to do below it.
        var text: String {
            let word = status == .fail ? "FAIL" : status.rawValue
            let gap = String(repeating: " ", count: 6 - word.count)
            let below = remedy.map { "      " + Self.printable($0) + "\n" } ?? ""
            return word + gap + "\(check.rawValue): " + Self.printable(message) + "\n" + below
        }

        /// What a peer sends must neither break lines nor command a terminal.
        private static func printable(_ text: String) -> String {
            String(
                Userinfo.hidden(in: text).unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : Character($0)
                })
        }
    }

    /// A check; of one of several registries, by its number.
    private struct Subject: Hashable {
        let check: Check
        let registry: Int?
    }

    private(set) var findings: [Finding] = []
    /// Of each check that failed itself, and of each that was not tried because of a failed one: this one.
    private var faults: [Subject: Check] = [:]

    /// Whether nothing failed.
    var isHealthy: Bool { findings.allSatisfy { $0.status != .fail } }

    /// The failed check for whose sake `check` is not to be tried.
    func obstacle(to check: Check, of registry: Int? = nil) -> Check? {
        for need in check.needs {
            let own = faults[Subject(check: need, registry: registry)]
            if let fault = own ?? faults[Subject(check: need, registry: nil)] { return fault }
        }
        return nil
    }

    /// Notes what became of a check, unless a failed one stands before it.
    ///
    /// - Parameter registry: its number, for a check of one of several.
    mutating func note(_ outcome: Outcome, of check: Check, registry: Int? = nil) {
        if let fault = obstacle(to: check, of: registry) {
            faults[Subject(check: check, registry: registry)] = fault
            return add(check, .skip, "not tried, since \(fault.rawValue) failed")
        }
        switch outcome {
        case .ok(let message): add(check, .ok, message)
        case .warn(let message, let remedy): add(check, .warn, message, remedy)
        case .skip(let message): add(check, .skip, message)
        case .fail(let message, let remedy):
            faults[Subject(check: check, registry: registry)] = check
            add(check, .fail, message, remedy)
        }
    }

    private mutating func add(_ check: Check, _ status: Status, _ message: String, _ remedy: String? = nil) {
        findings.append(Finding(check: check, status: status, message: message, remedy: remedy))
    }

    /// An array of all findings.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self) + "\n"
    }
}
