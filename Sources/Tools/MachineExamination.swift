import NDN
import NIOCore
import NIOPosix
import RegistryNDN

/// What `doctor` says of this machine, and of the client's place on it.
enum MachineExamination {
    /// With fewer descriptors many pulls at a time wait for each other.
    private static let enoughFiles = 1024
    /// From which difference on certificates and signed commands may be refused.
    private static let tolerance: Int64 = 60

    static func openFiles(limit: Int) -> DoctorReport.Outcome {
        let remedy = "raise the limit to 4096 (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of docker)"
        if limit < OpenFiles.least {
            return .fail(
                "only \(limit) files and sockets may be open at a time: the client does not start", remedy: remedy)
        }
        guard limit >= enoughFiles else {
            return .warn("only \(limit) files and sockets may be open at a time", remedy: remedy)
        }
        return .ok("\(limit) files and sockets may be open at a time")
    }

    /// - Parameters:
    ///   - largest: net.core.rmem_max; nil where nobody tells.
    ///   - wanted: octets that a face asks for.
    static func receiveBuffer(
        of router: FaceURI, largest: Int?, wanted: Int = FaceConfiguration().receiveBufferSize
    ) -> DoctorReport.Outcome {
        guard router.scheme == .udp else { return .skip("the router is not reached over UDP, which alone needs one") }
        guard let largest else { return .skip("this system does not say how large UDP receive buffers may be") }
        guard largest >= wanted else {
            return .warn(
                "UDP receive buffers of this machine hold \(largest) octets at most, and \(wanted) are asked for: packets are lost when much comes at once",
                remedy: "sysctl -w net.core.rmem_max=\(wanted), and a line in /etc/sysctl.d to keep that")
        }
        return .ok("UDP receive buffers may hold the \(wanted) octets that are asked for")
    }

    /// net.core.rmem_max.
    static func largestReceiveBuffer() -> Int? {
        (try? InputFile.read("/proc/sys/net/core/rmem_max")).flatMap { octets in
            Int(String(buffer: octets).filter { !$0.isWhitespace })
        }
    }

    /// - Parameter ahead: seconds by which the registry's clock is; nil where it tells no time.
    static func clock(ahead: Int64?, of registry: UpstreamURL) -> DoctorReport.Outcome {
        guard let ahead else { return .skip("\(registry) tells no time to compare with") }
        let difference = "this machine's clock and that of \(registry) differ by \(abs(ahead)) s"
        guard abs(ahead) > tolerance else { return .ok(difference) }
        return .warn(
            "\(difference): this machine's is \(ahead > 0 ? "behind" : "ahead"), or the registry's is wrong",
            remedy:
                "set the clock that is wrong (timedatectl set-ntp true): certificates and signed commands depend on it")
    }

    // MARK: listeners

    /// Whether the client can listen where it should, or does so already.
    static func listening(at listeners: [ListenArgument], isSecure: Bool) async -> DoctorReport.Outcome {
        let logger = LoggedNotes().logger
        var held: [ListenArgument] = []
        for listener in listeners {
            do {
                let endpoint = try await HTTPEndpoint.bind(
                    host: listener.host, port: listener.port, group: MultiThreadedEventLoopGroup.singleton,
                    logger: logger)
                await endpoint.close()
            } catch {
                let endpoint = EngineEndpoint.reaching(listener, isSecure: isSecure)
                guard await EndpointQuestion(endpoint: endpoint).isClient() else {
                    return .fail("\(error)", remedy: "stop what listens there, or choose another address with --listen")
                }
                held.append(listener)
            }
        }
        let places = listeners.map { "\($0)" }.joined(separator: ", ")
        guard !held.isEmpty else { return .ok("the client can listen at \(places)") }
        return .ok("a client runs already, and listens at \(held.map { "\($0)" }.joined(separator: ", "))")
    }
}
