import NIOCore
import NIOHTTP1
import NIOPosix
import RegistryNDN

/// What `doctor` says of one registry: its first answer, judged step by step.
struct RegistryExamination: Sendable {
    /// For all that `/v2/` takes: the host's name, the connection, TLS, the answer.
    private static let patience = TimeBound(limit: .seconds(5))

    let trial: RegistryTrial
    private let hasCredential: Bool
    private let isInsecure: Bool
    /// The option that names the registry.
    private let option: String
    private let root: Result<RegistryTrial.Root, any Error>

    private var url: UpstreamURL { trial.url }
    /// The way to the registry, where a proxy is on it.
    private var via: String { trial.proxy.map { " through the proxy \($0)" } ?? "" }
    private var proxyRemedy: String? {
        trial.proxy.map {
            "see whether the proxy \($0) runs and lets this machine reach \(url.host); correct --proxy, or the variables HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; what needs no proxy belongs into NO_PROXY"
        }
    }

    /// Asks the registry for `/v2/`.
    static func begin(
        at url: UpstreamURL, _ configuration: UpstreamConfiguration, isInsecure: Bool, option: String = "--upstream"
    ) async -> RegistryExamination {
        var configuration = configuration
        configuration.connectTimeout = .seconds(3)
        configuration.handshakeTimeout = .seconds(3)
        configuration.idleTimeout = .seconds(4)
        configuration.overallTimeout = .seconds(8)
        configuration.retry.maximumRetries = 0
        let trial = RegistryTrial(
            base: url, group: MultiThreadedEventLoopGroup.singleton, configuration: configuration,
            logger: LoggedNotes().logger)
        let root: Result<RegistryTrial.Root, any Error>
        do {
            root = .success(try await patience.run { try await trial.root() })
        } catch {
            root = .failure(error)
        }
        return RegistryExamination(
            trial: trial, hasCredential: configuration.credentials != nil, isInsecure: isInsecure, option: option,
            root: root)
    }

    /// Whether it failed, how far it came.
    private var failure: (step: RegistryTrial.Step, words: String)? {
        guard case .failure(let error) = root else { return nil }
        guard !(error is TimeBound.Exceeded) else { return (.connection, "\(url)\(via): \(error)") }
        return (RegistryTrial.step(of: error), ErrorSentence.of(error))
    }

    func upstream() -> DoctorReport.Outcome {
        switch failure {
        case (.name, let words)?:
            .fail(
                words,
                remedy: proxyRemedy
                    ?? "correct the host in \(option), or have this machine's DNS know it: getent hosts \(url.host)")
        case (.connection, let words)?:
            .fail(
                words,
                remedy: proxyRemedy
                    ?? "start the registry, or correct \(option); a firewall may stand between as well")
        // Nothing but the proxy has been reached where it is asked in clear.
        default: .ok("\(url.isSecure || trial.proxy == nil ? "\(url)" : "the proxy on the way to \(url)") is reached")
        }
    }

    func tls() -> DoctorReport.Outcome {
        if case (.tls, let words)? = failure {
            return .fail(
                words,
                remedy:
                    "have the certificate replaced at the registry, name its authority with --ca-file, or correct \(option)"
            )
        }
        guard url.isSecure else { return .skip("\(url) is http: nothing is encrypted, and there is no certificate") }
        return .ok("\(url): the certificate is \(isInsecure ? "not checked (--insecure)" : "good")")
    }

    func registry() -> DoctorReport.Outcome {
        let remedy = "correct \(option): it must be the address of a registry, http or https as that speaks"
        // What is not encrypted the proxy may have answered itself.
        let byProxy = url.isSecure ? nil : proxyRemedy
        switch root {
        case .failure(let error):
            return .fail("\(url)\(via): \(ErrorSentence.of(error))", remedy: proxyRemedy ?? remedy)
        case .success(let root):
            let answer = "\(url)/v2/\(via) answers \(root.status.code) \(root.status.reasonPhrase)"
            switch root.status.code {
            case _ where root.isPage:
                return .fail("\(answer), and a page for people: that is no registry", remedy: byProxy ?? remedy)
            case 200..<300, 401, 403: return .ok(answer)
            case 300..<400:
                return .warn("\(answer): it leads elsewhere", remedy: "give the address it leads to with \(option)")
            case 429: return .warn("\(answer): it is asked too much", remedy: "wait, or log in with --credentials")
            case 500...:
                return .fail(
                    answer,
                    remedy: byProxy.map { "see the logs of proxy and registry: one of them does not work. Else \($0)" }
                        ?? "see the registry's log: it is there, and does not work")
            default: return .fail("\(answer): that is no registry", remedy: byProxy ?? remedy)
            }
        }
    }

    func login() async -> DoctorReport.Outcome {
        guard case .success(let root) = root else { return .skip("there was no answer") }
        guard hasCredential else {
            return .ok(
                root.status == .unauthorized
                    ? "\(url) asks for a login: people's own pass through the client, which has none"
                    : "\(url) lets everybody in")
        }
        let remedy = "are the credentials for this registry, and still good? Log in anew, or correct --credentials"
        do {
            let status = try await Self.patience.run { try await trial.login() }
            switch status.code {
            case 200..<300: return .ok("\(url) accepts our credentials")
            case 401, 403: return .fail("\(url) answers \(status.code) to our credentials", remedy: remedy)
            default: return .warn("\(url) answers \(status.code) to our credentials", remedy: remedy)
            }
        } catch {
            let isUnreached = RegistryTrial.step(of: error) != .answer
            return .fail(
                "\(url) does not let us in: \(ErrorSentence.of(error))",
                remedy: isUnreached
                    ? "see whether this machine reaches what the registry names for logins, and correct its settings (realm) if not"
                    : remedy)
        }
    }

    func clock() -> DoctorReport.Outcome {
        guard case .success(let root) = root else { return .skip("\(url) gave no answer, and so no time") }
        return MachineExamination.clock(ahead: root.clockAhead, of: url)
    }
}
